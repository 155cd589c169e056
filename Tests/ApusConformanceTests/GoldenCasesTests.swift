import ApusTestSupport
import CKernels
import Testing

@testable import ApusConformance

/// All cases of `Tests/Goldens`: what is supported agrees with PyTorch, and no less is supported than listed here.
@Suite("Golden cases")
struct GoldenCasesTests {
    /// How many cases of each kind pass; grows with each operation, and never shrinks.
    static let leastPasses = [
        "layer": 120, "function": 151, "loss": 36, "optimizer": 43, "scheduler": 32, "init": 50, "model": 15,
        "transform": 26,
    ]

    @Test(arguments: leastPasses.keys.sorted())
    func agreeWithPyTorch(kind: String) throws {
        let results = try ConformanceRunner(folder: GoldenFolder.path, kinds: [kind]).run()
        for result in results where result.status == .fail { Issue.record("\(result.name): \(result.detail)") }
        let least = try #require(Self.leastPasses[kind])
        #expect(results.count { $0.status == .pass } >= least)
        // In the order of names, each once.
        #expect(results.map(\.name) == Set(results.map(\.name)).sorted())
    }

    /// Training runs.
    @Test(arguments: [
        "trajectory.cnn4_adam", "trajectory.cnn4_momentum", "trajectory.lenet_a_adam", "trajectory.lenet_b_sgd",
    ])
    func trajectoriesAgree(name: String) throws {
        let results = try ConformanceRunner(folder: GoldenFolder.path, filter: name).run()
        #expect(results.map(\.name) == [name])
        #expect(results.map(\.status) == [.pass], "\(results.map(\.detail))")
    }

    /// Random calls of torchvision's functions on bytes and floats (`Tests/Fixtures/make_transforms.py`).
    @Test func transformsOfBytesAndFloatsAgree() throws {
        let results = try ConformanceRunner(folder: ProjectFolder.file("Tests/Fixtures/transforms")).run()
        #expect(results.count > 140)
        // Without fused multiplication, which PyTorch has, a blend may be rounded to the byte beside.
        let isFused = apus_kernels_isa() != ApusISABaseline
        for result in results where result.status != .pass {
            let isRounding = !isFused && ["adjust_saturation", "adjust_sharpness"].contains(result.operation)
            if !isRounding { Issue.record("\(result.name): \(result.detail)") }
        }
    }

    /// Calls that PyTorch refuses are refused here.
    @Test func wrongCallsAreRefused() throws {
        let results = try ConformanceRunner(folder: GoldenFolder.path).runErrors()
        for result in results where result.status == .fail { Issue.record("\(result.name): \(result.detail)") }
        #expect(results.count { $0.status == .pass } >= 128)
        // Each refusal says why.
        #expect(results.allSatisfy { !$0.detail.isEmpty })
    }
}
