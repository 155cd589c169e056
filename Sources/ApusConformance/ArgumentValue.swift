import ApusGraph

/// A value of a JSON text, as arguments and metadata of a case hold them.
enum ArgumentValue: Sendable, Equatable, Decodable {
    case null
    case boolean(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case list([ArgumentValue])
    case object([String: ArgumentValue])

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Key.self) {
            var members: [String: ArgumentValue] = [:]
            for key in object.allKeys { members[key.stringValue] = try object.decode(ArgumentValue.self, forKey: key) }
            self = .object(members)
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .real(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else {
            self = .list(try container.decode([ArgumentValue].self))
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// The number as a real one; the texts `inf` and `-inf` are infinite.
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        case .text("inf"): .infinity
        case .text("-inf"): -.infinity
        default: nil
        }
    }

    /// The numbers of a list.
    var numbers: [Double]? {
        guard case .list(let values) = self else { return nil }
        let numbers = values.compactMap(\.number)
        return numbers.count == values.count ? numbers : nil
    }

    /// The integers of a list.
    var integers: [Int]? {
        guard case .list(let values) = self else { return nil }
        let integers = values.compactMap { if case .integer(let value) = $0 { value } else { nil } }
        return integers.count == values.count ? integers : nil
    }

    /// The text of a string.
    var string: String? { if case .text(let value) = self { value } else { nil } }

    /// The members of an object.
    var members: [String: ArgumentValue]? { if case .object(let value) = self { value } else { nil } }
}

extension ArgumentValue: CustomStringConvertible {
    var description: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        case .text(let value): "\"\(value)\""
        case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.keys.sorted().map { "\($0): \(members[$0] ?? .null)" }.joined(separator: ", ") + "}"
        }
    }
}
