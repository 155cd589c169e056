import Testing

@testable import ApusConformance

/// All cases of `Tests/Goldens`: what is supported agrees with PyTorch, and no less is supported than listed here.
@Suite("Golden cases")
struct GoldenCasesTests {
    /// How many cases of each kind pass; grows with each operation, and never shrinks.
    static let leastPasses = [
        "layer": 120, "function": 151, "loss": 36, "optimizer": 43, "scheduler": 32, "init": 50, "model": 5,
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

    /// Kinds that are not run are counted as unsupported.
    @Test(arguments: ["transform"])
    func otherKindsAreUnsupported(kind: String) throws {
        let results = try ConformanceRunner(folder: GoldenFolder.path, kinds: [kind]).run()
        #expect(results.count > 20)
        #expect(results.allSatisfy { $0.status == .unsupported })
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
