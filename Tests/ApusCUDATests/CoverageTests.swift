import ApusTestSupport
import Foundation
import Testing

/// Every primitive has a lowering of CUDA and a step in the samples that are compiled.
@Suite struct CoverageTests {
    /// The first groups of all matches in the Swift files below some folders.
    private func names(_ pattern: Regex<(Substring, Substring)>, in folders: String...) throws -> Set<String> {
        var names = Set<String>()
        for folder in folders {
            let path = ProjectFolder.file(folder)
            let files = try FileManager.default.subpathsOfDirectory(atPath: path).filter { $0.hasSuffix(".swift") }
            #expect(!files.isEmpty, "\(folder) holds no Swift files")
            for file in files {
                let text = try String(contentsOfFile: path + "/" + file, encoding: .utf8)
                for match in text.matches(of: pattern) { names.insert(String(match.output.1)) }
            }
        }
        return names
    }

    private func primitives() throws -> Set<String> {
        let found = try names(
            /struct\s+(\w+)\s*:[^{]*?\bPrimitive\b[^{]*?\{/, in: "Sources/ApusGraph/Primitives",
            "Sources/ApusPlan/Fused")
        // The scan itself works: both folders, and declarations with several protocols.
        #expect(found.isSuperset(of: ["Convolution", "Arange", "FusedPointwise", "SoftmaxCrossEntropyGradient"]))
        return found
    }

    @Test func everyPrimitiveHasALowering() throws {
        let lowered = try names(/extension\s+(\w+)\s*:[^{]*?\bCUDALowerable\b/, in: "Sources/ApusCUDA")
        #expect(try primitives().subtracting(lowered).sorted() == [])
    }

    @Test func everyPrimitiveHasASampleStep() throws {
        let sampled = Set(SampleStep.all.map { "\(type(of: $0.primitive))" })
        #expect(try primitives().subtracting(sampled).sorted() == [])
    }

    @Test func theSampleStepsFollowTheShapeRules() {
        for sample in SampleStep.all { #expect(throws: Never.self, "\(sample)") { try sample.step() } }
    }
}
