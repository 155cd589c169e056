/// Why a case has no passing result.
enum CaseProblem: Error, CustomStringConvertible {
    /// The operation, or an argument of it, does not exist here.
    case unsupported(String)
    /// The argument has a value that the typed interface cannot express.
    case inexpressible(String)
    /// The result differs from the expected one.
    case mismatch(String)
    /// The case itself is damaged or contradicts the format.
    case malformed(String)

    var description: String {
        switch self {
        case .unsupported(let text), .inexpressible(let text), .mismatch(let text), .malformed(let text): text
        }
    }
}
