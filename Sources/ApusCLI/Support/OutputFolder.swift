import ApusInterop
import Foundation

/// The folder that a command writes into.
struct OutputFolder {
    /// The folder, as the user wrote it.
    let path: String

    /// Makes the folder where it is missing, and finds out by a file that is removed again whether it can be written:
    /// an hour of training must not end in an error that was there at its start.
    ///
    /// - Throws: `CommandFailure` with code 1.
    init(_ path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Self.unwritable(path, "the folder cannot be made", error)
        }
        let probe = file(".apus-probe-\(ProcessInfo.processInfo.processIdentifier)")
        do {
            try AtomicFile.write(to: probe) { _ in }
            try FileManager.default.removeItem(atPath: probe)
        } catch {
            throw Self.unwritable(path, "no file can be written there", error)
        }
    }

    /// The path of a file of the folder.
    func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : path + "/" + name }

    /// Whether there is something of this name.
    static func fileExists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private static func unwritable(_ path: String, _ problem: String, _ error: any Error) -> CommandFailure {
        let reason = (error as? AtomicFile.WriteError)?.problem ?? error.localizedDescription
        return CommandFailure(.failed, "--out \(path): \(problem) (\(reason)). Name a folder that you may write to.")
    }
}
