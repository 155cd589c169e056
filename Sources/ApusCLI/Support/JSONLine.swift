/// One line of JSON: an object whose members keep their order.
struct JSONLine {
    /// A value of a member.
    enum Value {
        case string(String)
        case integer(Int)
        /// A number; `null` where it is not finite, for which JSON has no word.
        case number(Double)
        case integers([Int])
        case null
    }

    private let members: KeyValuePairs<String, Value>

    init(_ members: KeyValuePairs<String, Value>) { self.members = members }

    /// The object on one line.
    var text: String {
        "{" + members.map { Self.quoted($0.key) + ":" + $0.value.text }.joined(separator: ",") + "}"
    }

    /// A JSON string: quotes, backslashes and control characters are escaped (RFC 8259, 7).
    fileprivate static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension JSONLine.Value {
    fileprivate var text: String {
        switch self {
        case .string(let string): JSONLine.quoted(string)
        case .integer(let integer): String(integer)
        // Swift writes the shortest digits that read back as the same number, in a form that JSON has too.
        case .number(let number): number.isFinite ? number.description : "null"
        case .integers(let integers): "[" + integers.map(String.init).joined(separator: ",") + "]"
        case .null: "null"
        }
    }
}
