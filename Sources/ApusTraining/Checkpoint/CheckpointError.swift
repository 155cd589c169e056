/// A checkpoint that is not what it must be: another program's, another model's, or incomplete.
public struct CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What is wrong: a clause without a full stop.
    public let problem: String
    /// What to do about it: whole sentences.
    public let hint: String

    public init(path: String, problem: String, hint: String) {
        self.path = path
        self.problem = problem
        self.hint = hint
    }

    /// The exit status of a program that stops because of this error: 65 (`EX_DATAERR` of sysexits.h).
    public var exitCode: Int32 { 65 }

    public var description: String { "\(path): \(problem). \(hint)" }
}
