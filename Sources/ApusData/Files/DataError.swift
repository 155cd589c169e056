/// An error in a data file or a data set: what it is about, what is wrong, and what to do.
///
/// The text names the file first: `train-images-idx3-ubyte.gz: the compressed data ends early. Fetch the file again.`
public struct DataError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Whether something is not there or is there and wrong.
    public enum Kind: Sendable {
        /// A file or data set is absent or cannot be read.
        case missing
        /// A file is there, but its content is not what it must be.
        case damaged
        /// The system or the network refused.
        case refused
    }

    /// What is wrong, for programs that react to it.
    public enum Reason: Sendable {
        /// No such file, folder or data set.
        case notFound
        /// The file is there, but the system refuses to read it, or it is not a regular file.
        case notReadable
        /// The file ends before what its header announces, or in the middle of its header.
        case truncated
        /// The file goes on after what its header announces.
        case oversized
        /// Compressed data that cannot be decoded, or whose checksum differs.
        case corrupt
        /// The first bytes are not those of the expected format.
        case wrongMagic
        /// A well-formed file of another content, as labels where images are expected.
        case mislabelled
        /// A well-formed file of a variant that is not supported.
        case unsupported
        /// More bytes than the limit that the caller has set, or than any file can hold.
        case tooLarge
        /// Numbers of images and labels that differ.
        case countMismatch
        /// A label that is not the index of a class.
        case labelOutOfRange
        /// A data set without images.
        case empty
        /// A file or folder that cannot be made or written.
        case notWritable
        /// A download that failed.
        case unreachable
    }

    /// The file, folder or data set that the error is about.
    public let path: String
    /// What is wrong, for programs.
    public let reason: Reason
    /// What is wrong, for people: a clause without a full stop, or a line that a list follows.
    public let problem: String
    /// What to do about it: whole sentences.
    public let hint: String

    /// Creates an error about `path`.
    public init(path: String, reason: Reason, problem: String, hint: String) {
        self.path = path
        self.reason = reason
        self.problem = problem
        self.hint = hint
    }

    /// Whether something is missing, damaged or refused.
    public var kind: Kind {
        switch reason {
        case .notFound, .notReadable: .missing
        case .notWritable, .unreachable: .refused
        default: .damaged
        }
    }

    /// The exit status of a program that stops because of this error, after sysexits.h:
    /// 66 (`EX_NOINPUT`) for `Kind.missing`, 65 (`EX_DATAERR`) for `Kind.damaged`, 1 for `Kind.refused`.
    public var exitCode: Int32 {
        switch kind {
        case .missing: 66
        case .damaged: 65
        case .refused: 1
        }
    }

    public var description: String {
        // A problem of several lines is a list: the hint gets its own line.
        let separator = problem.contains("\n") ? "\n" : ". "
        return "\(path): \(problem)\(separator)\(hint)"
    }
}
