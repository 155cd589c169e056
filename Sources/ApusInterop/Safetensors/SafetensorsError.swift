/// An error in reading or writing a safetensors file: which file, what is wrong, and what to do.
public struct SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, for programs that react to it.
    public enum Reason: Sendable {
        /// No such file.
        case notFound
        /// The file is there, but the system refuses to read it, or it is not a regular file.
        case notReadable
        /// The file ends before what its header announces, or in the middle of its header.
        case truncated
        /// The file goes on after its last tensor.
        case oversized
        /// The length of the header is not that of a safetensors file.
        case headerLength
        /// The header is not the JSON that the format demands.
        case headerSyntax
        /// A name stands twice in the header.
        case duplicateName
        /// The dtype, shape or length of a tensor is unknown, contradictory or too large.
        case invalidTensor
        /// Tensors overlap, leave a hole, or are in a wrong place.
        case invalidOffsets
        /// A BOOL tensor holds bytes other than 0 and 1.
        case invalidBool
        /// No tensor of the name that was asked for.
        case noSuchTensor
        /// The file cannot be written.
        case notWritable
    }

    /// The file that the error is about.
    public let path: String
    /// What is wrong, for programs.
    public let reason: Reason
    /// What is wrong, for people: a clause without a full stop.
    public let problem: String

    /// Creates an error about the file at `path`.
    public init(path: String, reason: Reason, problem: String) {
        self.path = path
        self.reason = reason
        self.problem = problem
    }

    /// What to do about it.
    public var hint: String {
        switch reason {
        case .notFound: "Check the path."
        case .notReadable: "Check that it is a file, and its permissions and those of its folder."
        case .truncated, .oversized: "It was not written or copied completely: fetch it again."
        case .headerLength: "This is no safetensors file, or it is damaged."
        case .headerSyntax, .duplicateName, .invalidTensor, .invalidOffsets, .invalidBool:
            "The file is damaged or was written by a faulty program."
        case .noSuchTensor: "The file may belong to another model."
        case .notWritable: "Check the folder, its permissions and the free space."
        }
    }

    /// The exit status of a program that stops because of this error: 66 (`EX_NOINPUT` of sysexits.h) for a missing or
    /// unreadable file, 1 where writing failed, 65 (`EX_DATAERR`) for all else.
    public var exitCode: Int32 {
        switch reason {
        case .notFound, .notReadable: 66
        case .notWritable: 1
        default: 65
        }
    }

    public var description: String {
        "\(path): \(problem). \(hint)"
    }
}
