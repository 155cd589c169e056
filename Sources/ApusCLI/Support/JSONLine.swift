import ApusInterop

/// One line of JSON: an object whose members keep their order.
struct JSONLine {
    /// A value of a member.
    enum Value {
        case string(String)
        case integer(Int)
        /// A number; `null` where it is not finite.
        case number(Double)
        case integers([Int])
        case numbers([Double])
        case objects([JSONLine])
        case null
    }

    private let members: KeyValuePairs<String, Value>

    init(_ members: KeyValuePairs<String, Value>) { self.members = members }

    /// The object on one line.
    var text: String { JSONText.object(members.map { ($0.key, $0.value.text) }) }
}

extension JSONLine.Value {
    fileprivate var text: String {
        switch self {
        case .string(let string): JSONText.quoted(string)
        case .integer(let integer): String(integer)
        case .number(let number): JSONText.number(number)
        case .integers(let integers): JSONText.array(integers)
        case .numbers(let numbers): "[" + numbers.map(JSONText.number).joined(separator: ",") + "]"
        case .objects(let objects): "[" + objects.map(\.text).joined(separator: ",") + "]"
        case .null: "null"
        }
    }
}
