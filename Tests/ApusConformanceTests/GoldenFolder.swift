import ApusGraph
import ApusInterop
import Foundation

@testable import ApusConformance

/// The folder `Tests/Goldens`, and copies of its cases with changes.
enum GoldenFolder {
    static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Goldens").path

    /// The bytes of one case with changes.
    ///
    /// - Parameters:
    ///   - metadata: replaces entries of the metadata.
    ///   - tensors: changes the elements of float32 tensors, by name.
    ///   - removed: the names of tensors that are left out.
    static func bytes(
        _ name: String, metadata: [String: String] = [:], tensors: [String: (inout [Float]) -> Void] = [:],
        removing removed: Set<String> = []
    ) throws -> [UInt8] {
        let file = try SafetensorsFile(path: "\(path)/\(name).safetensors")
        let changed = try file.entries.filter { !removed.contains($0.name) }.map { entry in
            guard let change = tensors[entry.name] else {
                return SafetensorsWriter.Tensor(
                    name: entry.name, dtype: entry.dtype, shape: entry.shape,
                    bytes: file.withUnsafeBytes(of: entry) { Array($0) })
            }
            var elements: [Float] = try file.elements(of: entry.name, dtype: .float32)
            change(&elements)
            return SafetensorsWriter.Tensor(
                name: entry.name, dtype: .float32, shape: entry.shape, elements: elements)
        }
        return try SafetensorsWriter.encode(
            changed, metadata: file.metadata.merging(metadata) { _, new in new }, name: name)
    }

    /// A new folder of cases; the caller removes it.
    static func temporary(_ files: [String: [UInt8]]) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("conformance-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, bytes) in files { try Data(bytes).write(to: folder.appendingPathComponent(name)) }
        return folder.path
    }

    /// Runs one file as the only case of a folder.
    static func result(of bytes: [UInt8], fileName: String = "case.safetensors") throws -> CaseResult? {
        let folder = try temporary([fileName: bytes])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try ConformanceRunner(folder: folder).run().first
    }
}

extension GoldenFolder {
    /// A case without tensors.
    static func emptyCase(_ metadata: [String: String]) throws -> [UInt8] {
        try SafetensorsWriter.encode([], metadata: metadata)
    }
}
