import ApusInterop
import Foundation

/// The folder that holds the last two saved states of a run, `0.safetensors` and `1.safetensors`.
///
/// A state replaces the older of the two, so that the last good one is there at any moment: while the other is written,
/// when the disk is full, and when the new one turns out to be torn.
public final class TrainingStateFolder {
    /// A state that was read, and what is wrong with the other file.
    public struct Saved: Sendable {
        /// The newest state that can be read.
        public let state: TrainingState
        /// Why a file was passed over; empty where none was.
        public let problems: [String]
    }

    /// The folder; ``save(_:)`` makes it.
    public let path: String

    /// The folder at `path`.
    public init(_ path: String) { self.path = path }

    /// Which file the next state goes to, once that is known.
    private var nextSlot: Int?

    private var files: [String] { (0...1).map { "\(path)/\($0).safetensors" } }

    /// Saves a state in place of the older one.
    ///
    /// - Throws: `SafetensorsError` (`notWritable`), `CocoaError` where the folder cannot be made, and `TensorError`
    ///   where a tensor cannot be computed; then the states in the folder are as they were.
    public func save(_ state: TrainingState) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let slot = nextSlot ?? slot()
        try TrainingStateFile.write(state, to: files[slot])
        nextSlot = 1 - slot
    }

    /// The file that a new state goes to: one that is missing or cannot be read, or the older one.
    private func slot() -> Int {
        let updates = files.map { (try? TrainingStateFile.read($0))?.progress }
        guard let first = updates[0] else { return 0 }
        guard let second = updates[1] else { return 1 }
        return Self.isOlder(first, than: second) ? 0 : 1
    }

    /// The newest state that can be read; nil where there is none.
    ///
    /// - Throws: `CheckpointError` or `SafetensorsError` where there are files, but none can be read.
    public func newest() throws -> Saved? {
        var states: [TrainingState] = []
        var errors: [any Error] = []
        for file in files where FileManager.default.fileExists(atPath: file) {
            do {
                states.append(try TrainingStateFile.read(file))
            } catch {
                errors.append(error)
            }
        }
        if let newest = states.max(by: { Self.isOlder($0.progress, than: $1.progress) }) {
            return Saved(state: newest, problems: errors.map { "\($0)" })
        }
        if let error = errors.first { throw error }
        return nil
    }

    /// Removes the states.
    ///
    /// - Throws: `CocoaError` where a file cannot be removed.
    public func clear() throws {
        nextSlot = nil
        for file in files where FileManager.default.fileExists(atPath: file) {
            try FileManager.default.removeItem(atPath: file)
        }
    }

    private static func isOlder(_ first: TrainingProgress, than second: TrainingProgress) -> Bool {
        (first.epoch, first.updateCount, first.step) < (second.epoch, second.updateCount, second.step)
    }
}
