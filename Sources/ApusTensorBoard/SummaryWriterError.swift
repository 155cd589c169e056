import Foundation

/// Why a log cannot be written.
public struct SummaryWriterError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file or folder.
    public let path: String
    /// What is wrong: a clause without a full stop.
    public let problem: String

    public var description: String { "\(path): \(problem)." }

    static func system(_ code: Int32, _ path: String, _ what: String) -> SummaryWriterError {
        SummaryWriterError(path: path, problem: "\(what): \(String(cString: strerror(code)))")
    }
}
