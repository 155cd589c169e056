import Foundation

/// Files of the project and of the data beside it, for tests.
public enum ProjectFolder {
    /// The root of the package.
    public static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The path of a file or folder of the package.
    public static func file(_ name: String) -> String { path + "/" + name }

    /// A file or folder of `../shared/data`, beside the package; nil where it is not there.
    public static func sharedData(_ name: String) -> String? {
        let candidate = path + "/../shared/data/" + name
        return FileManager.default.fileExists(atPath: candidate) ? candidate : nil
    }

    /// The names in a folder, sorted.
    public static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    /// The bytes of a file.
    public static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
