import ApusGraph

/// The arguments of one call under their PyTorch names, which remembers what was asked for.
///
/// An argument that nobody asked for is one that the builder does not know: ``unread`` names it, and the case is then
/// unsupported, whatever came out.
final class CaseArguments {
    private let values: [String: ArgumentValue]
    private let tensors: [String: Tensor]
    /// The keyword arguments of the call of a module that these construct; nil for those arguments themselves.
    let call: CaseArguments?
    private var read: Set<String> = []

    /// - Parameters:
    ///   - values: the arguments of JSON.
    ///   - tensors: the arguments that are tensors.
    ///   - callArguments: the keyword arguments of the call.
    convenience init(
        _ values: [String: ArgumentValue], tensors: [String: Tensor] = [:],
        callArguments: [String: ArgumentValue] = [:]
    ) {
        self.init(values, tensors, call: CaseArguments(callArguments, [:], call: nil))
    }

    private init(_ values: [String: ArgumentValue], _ tensors: [String: Tensor], call: CaseArguments?) {
        self.values = values
        self.tensors = tensors
        self.call = call
    }

    /// The names that were never asked for, sorted.
    var unread: [String] { Set(values.keys).union(tensors.keys).subtracting(read).sorted() }

    /// Throws `unsupported` where an argument was never asked for.
    func checkAllRead(_ operation: String) throws {
        let names = unread
        guard names.isEmpty else {
            let list = names.map { "\($0)=\(values[$0]?.description ?? "tensor")" }.joined(separator: ", ")
            throw CaseProblem.unsupported("\(operation) has no argument \(list) here")
        }
    }

    /// The argument, or nil where it is absent.
    func value(_ name: String) -> ArgumentValue? {
        read.insert(name)
        return values[name]
    }

    /// The argument that is a tensor, or nil where it is absent.
    func tensor(_ name: String) -> Tensor? {
        read.insert(name)
        return tensors[name]
    }

    /// Whether the argument is given, null or not.
    func contains(_ name: String) -> Bool { values[name] != nil || tensors[name] != nil }

    // MARK: - Typed

    func integer(_ name: String) throws -> Int { try required(name, optionalInteger(name)) }
    func integer(_ name: String, default fallback: Int) throws -> Int { try optionalInteger(name) ?? fallback }

    /// An integer; nil where the argument is absent or null.
    func optionalInteger(_ name: String) throws -> Int? {
        try convert(name, "an integer") { if case .integer(let value) = $0 { value } else { nil } }
    }

    func number(_ name: String) throws -> Double { try required(name, optionalNumber(name)) }
    func number(_ name: String, default fallback: Double) throws -> Double { try optionalNumber(name) ?? fallback }

    /// A real number; nil where the argument is absent or null.
    func optionalNumber(_ name: String) throws -> Double? { try convert(name, "a number") { $0.number } }

    func boolean(_ name: String, default fallback: Bool) throws -> Bool {
        try convert(name, "a truth value") { if case .boolean(let value) = $0 { value } else { nil } } ?? fallback
    }

    func text(_ name: String, default fallback: String) throws -> String {
        try convert(name, "a text") { $0.string } ?? fallback
    }

    /// A text; nil where the argument is absent or null.
    func optionalText(_ name: String) throws -> String? { try convert(name, "a text") { $0.string } }

    /// One of the texts of a type; the fallback where the argument is absent or null.
    func choice<Choice: RawRepresentable>(_ name: String, default fallback: Choice) throws -> Choice
    where Choice.RawValue == String {
        try convert(name, "one of its values") { $0.string.flatMap { Choice(rawValue: $0) } } ?? fallback
    }

    /// A list of numbers; nil where the argument is absent or null.
    func optionalNumbers(_ name: String) throws -> [Double]? { try convert(name, "a list of numbers") { $0.numbers } }

    /// Two numbers.
    func pair(_ name: String, default fallback: (Double, Double)) throws -> (Double, Double) {
        guard let numbers = try optionalNumbers(name) else { return fallback }
        guard numbers.count == 2 else {
            throw CaseProblem.inexpressible("the argument \(name) is not two numbers")
        }
        return (numbers[0], numbers[1])
    }

    func integers(_ name: String) throws -> [Int] { try required(name, optionalIntegers(name)) }

    /// A list of integers, or one integer as a list of one; nil where the argument is absent or null.
    func optionalIntegers(_ name: String) throws -> [Int]? {
        try convert(name, "a list of integers") { value in
            if case .integer(let value) = value { [value] } else { value.integers }
        }
    }

    /// One integer for each of `rank` dimensions: a list, or one integer for all; nil where absent or null.
    ///
    /// A list of another length is left for the layer to refuse.
    func optionalSpatial(_ name: String, rank: Int) throws -> [Int]? {
        try convert(name, "an integer or a list of \(rank)") { value in
            if case .integer(let size) = value { return [Int](repeating: size, count: rank) }
            return value.integers
        }
    }

    func spatial(_ name: String, rank: Int) throws -> [Int] { try required(name, optionalSpatial(name, rank: rank)) }
    func spatial(_ name: String, rank: Int, default fallback: Int) throws -> [Int] {
        try optionalSpatial(name, rank: rank) ?? [Int](repeating: fallback, count: rank)
    }

    /// A number as it stands in an expression beside a tensor.
    func operand(_ name: String) throws -> Tensor {
        try required(
            name,
            convert(name, "a number") { value in
                if case .integer(let value) = value { value.operand } else { value.number?.operand }
            })
    }

    /// Throws `unsupported` unless the argument is absent or has the value that means PyTorch's default.
    func requireDefault(_ name: String, _ expected: ArgumentValue, operation: String) throws {
        guard let value = value(name), value != expected, value.number == nil || value.number != expected.number else {
            return
        }
        throw CaseProblem.unsupported("\(operation) knows \(name)=\(expected) only, not \(value)")
    }

    private func convert<Result>(
        _ name: String, _ expected: String, _ conversion: (ArgumentValue) -> Result?
    ) throws -> Result? {
        guard let value = value(name), value != .null else { return nil }
        guard let result = conversion(value) else {
            throw CaseProblem.inexpressible("the argument \(name)=\(value) is not \(expected)")
        }
        return result
    }

    private func required<Result>(_ name: String, _ value: Result?) throws -> Result {
        guard let value else { throw CaseProblem.inexpressible("the argument \(name) is missing") }
        return value
    }
}
