import ApusTestSupport
import FuzzCases
import Testing

/// A short run of what `scripts/fuzz` does at length.
@Suite struct FuzzTests {
    @Test(arguments: ["png", "jpg", "idx", "gz", "cifar"])
    func damagedFilesAreReadOrRefused(name: String) throws {
        let target = try #require(try FuzzTarget.all().first { $0.name == name })
        let folder = try TemporaryFolder()
        let report = try target.run(count: 1_500, seed: 1, folder: folder)
        #expect(report.faults.isEmpty, "\(report.faults.first ?? "")")
        #expect(report.read + report.refused == 1_500)
        #expect(report.refused > 300)
    }
}
