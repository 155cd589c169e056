import Foundation
import Testing

@testable import ApusInterop

/// The files in `Tests/Goldens` come from another program: they show that both understand the format alike.
@Suite("Golden files as safetensors")
struct GoldenFilesTests {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Goldens").resolvingSymlinksInPath()

    static func paths() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".safetensors") }.sorted().map { folder.path + "/" + $0 }
    }

    @Test func allAreRead() throws {
        let paths = try Self.paths()
        #expect(paths.count > 100)
        for path in paths {
            let file = try SafetensorsFile(path: path)
            #expect(path.hasSuffix("/\(file.metadata["case"] ?? "?").safetensors"))
            #expect(!file.entries.isEmpty, "\(path)")
        }
    }

    /// Written again, a file has the same bytes. Where F64 and I64 stand together the writer of the goldens sorts by
    /// name alone, and the reference implementation, as ours, by type first: there only the length is the same.
    @Test func allAreWrittenAlike() throws {
        var equal = 0
        for path in try Self.paths() {
            let file = try SafetensorsFile(path: path)
            let tensors = file.entries.map { entry in
                SafetensorsWriter.Tensor(
                    name: entry.name, dtype: entry.dtype, shape: entry.shape,
                    bytes: file.withUnsafeBytes(of: entry) { Array($0) })
            }
            let bytes = try SafetensorsWriter.encode(tensors, metadata: file.metadata)
            let expected = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
            #expect(bytes.count == expected.count, "\(path)")
            let dtypes = Set(file.entries.map(\.dtype))
            if !dtypes.isSuperset(of: [.float64, .int64]) {
                #expect(bytes == expected, "\(path)")
                equal += 1
            }
        }
        #expect(equal > 100)
    }
}
