import ApusGraph
import ApusPlan
import Foundation
import Testing

@testable import ApusReference

/// Every primitive has a reference kernel.
@Suite struct KernelCoverageTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The first groups of all matches in the Swift files of a folder.
    private func names(_ pattern: Regex<(Substring, Substring)>, in folder: String) throws -> Set<String> {
        let folder = Self.root.appendingPathComponent(folder)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "swift" }
        #expect(!files.isEmpty, "\(folder.path) holds no Swift files")
        var names = Set<String>()
        for file in files {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: pattern) { names.insert(String(match.output.1)) }
        }
        return names
    }

    @Test func everyPrimitiveHasAKernel() throws {
        let declaration = /struct\s+(\w+)[^{]*?:[^{]*?\bPrimitive\b[^{]*?\{/
        let primitives = try names(declaration, in: "Sources/ApusGraph/Primitives")
            .union(names(declaration, in: "Sources/ApusPlan/Fused"))
        // The scan itself works: both folders are found, and declarations with several protocols.
        #expect(primitives.isSuperset(of: ["Convolution", "Arange", "FusedPointwise", "SoftmaxCrossEntropyGradient"]))
        let kernels = try names(/extension\s+(\w+)\s*:\s*ReferenceKernel/, in: "Sources/ApusReference/Kernels")
        #expect(primitives.subtracting(kernels).sorted() == [])
        // Relayout stands beside the backend protocol, not among the fused primitives.
        #expect(kernels.subtracting(primitives) == ["Relayout"])
    }

    @Test func refusesOtherLayoutsAndForeignPrimitives() throws {
        let spec = TensorSpec([4], .float32)
        let blocked = PlannedValue(spec, PhysicalLayout(name: "blocked"))
        let use = StepDescription.ResultUse(outlivesPlan: true, readers: [])
        let step = StepDescription(Relayout(), inputs: [blocked], outputs: [PlannedValue(spec)], uses: [use])
        #expect((ReferenceBackend().prepare(step)) == nil)
        let foreign = StepDescription(
            Unknown(), inputs: [PlannedValue(spec)], outputs: [PlannedValue(spec)], uses: [use])
        #expect((ReferenceBackend().layouts(for: foreign)) == nil)
        #expect((ReferenceBackend().prepare(foreign)) == nil)
    }
}

private struct Unknown: Primitive {
    static let name = "unknown"
    func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] { inputs }
}
