/// Writes JSON (RFC 8259) as text: compact, in the order in which it is given.
///
/// What is written here is read by machines and compared byte for byte (the header of a safetensors file, the program's
/// lines), so the form is fixed: no spaces, no line breaks, and only those characters escaped that must be.
public enum JSONText {
    /// A string in quotes; quotation marks, backslashes and control characters are escaped (RFC 8259, section 7), in
    /// the short form where there is one, as the reference implementation of safetensors does.
    public static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{08}": result += "\\b"
            case "\u{0c}": result += "\\f"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A number in the shortest digits that read back as the same one; `null` where it is not finite, for which JSON
    /// has no word.
    public static func number(_ number: Double) -> String {
        // Swift's own form is one that JSON has too: 0.001, 1e-30, -2.5e+300.
        number.isFinite ? number.description : "null"
    }

    /// Whole numbers as an array: `[1,28,28]`.
    public static func array(_ numbers: [Int]) -> String {
        "[" + numbers.map(String.init).joined(separator: ",") + "]"
    }

    /// An object of members in their order: `{"name":value,…}`.
    ///
    /// - Parameter members: the names as they are, and the values as JSON.
    public static func object(_ members: [(name: String, value: String)]) -> String {
        "{" + members.map { quoted($0.name) + ":" + $0.value }.joined(separator: ",") + "}"
    }
}
