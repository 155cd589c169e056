import ApusTestSupport
import Foundation
import Testing

/// The README's program is one of the examples, so that it compiles, and it runs.
@Suite struct ReadmeTests {
    private static let project = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func theReadmesProgramIsTheExample() throws {
        let readme = try String(contentsOf: Self.project.appendingPathComponent("README.md"), encoding: .utf8)
        let example = try String(
            contentsOf: Self.project.appendingPathComponent("Examples/ReadmeLeNet/main.swift"), encoding: .utf8)
        #expect(readme.contains("```swift\n" + example + "```"))
    }

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist"),
            "skipped: the package dataset-fashion-mnist is not installed"))
    func itTrainsAndPrintsTheNetworkAsPyTorchDoes() throws {
        let outcome = try BuiltProgram("ReadmeLeNet").run([], environment: ["APUS_NUM_THREADS": "1"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines.first == "LeNet(")
        #expect(outcome.output.contains("    (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))\n"))
    }
}
