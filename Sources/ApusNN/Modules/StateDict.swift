import ApusGraph

/// The tensors of a module by name, in PyTorch's order (`OrderedDict`).
///
/// Tensors are values: a state dictionary is a snapshot that later training steps do not change.
public struct StateDict: Sendable {
    /// The names, in order.
    public private(set) var keys: [String] = []
    private var tensors: [String: Tensor] = [:]

    /// An empty dictionary.
    public init() {}

    /// Entries in their order; the last one of several with one name counts.
    public init(_ entries: some Sequence<(String, Tensor)>) {
        for (key, tensor) in entries { self[key] = tensor }
    }

    /// The tensor of a name; a new name is appended, nil removes one.
    public subscript(key: String) -> Tensor? {
        get { tensors[key] }
        set {
            if tensors[key] == nil, newValue != nil { keys.append(key) }
            if newValue == nil { keys.removeAll { $0 == key } }
            tensors[key] = newValue
        }
    }
}

extension StateDict: RandomAccessCollection {
    /// 0.
    public var startIndex: Int { 0 }
    /// The number of entries.
    public var endIndex: Int { keys.count }

    /// The entry at a position.
    public subscript(position: Int) -> (key: String, tensor: Tensor) {
        let key = keys[position]
        guard let tensor = tensors[key] else { preconditionFailure("the key \(key) has no tensor") }
        return (key, tensor)
    }
}

extension StateDict: ExpressibleByDictionaryLiteral {
    /// A dictionary of these names and tensors.
    public init(dictionaryLiteral elements: (String, Tensor)...) { self.init(elements) }
}

/// What did not fit when a state dictionary was loaded.
public struct StateDictError: Error, Sendable, CustomStringConvertible {
    /// An entry whose shape is not that of the module's tensor.
    public struct ShapeMismatch: Sendable, Hashable {
        /// The name of the tensor.
        public let key: String
        /// The shape in the module; −1 where a lazy layer takes any size.
        public let expected: Shape
        /// The shape in the state dictionary.
        public let found: Shape
    }

    /// The class of the module.
    public let module: String
    /// Names that the module has and the state dictionary lacks.
    public let missing: [String]
    /// Names that the state dictionary has and the module lacks.
    public let unexpected: [String]
    /// Names whose tensors have another shape.
    public let misshapen: [ShapeMismatch]

    /// What is missing, unexpected or misshapen, by name.
    public var description: String {
        var lines = ["\(module): the state dictionary is not of this module; nothing was loaded."]
        if !missing.isEmpty { lines.append("  missing: \(missing.joined(separator: ", "))") }
        if !unexpected.isEmpty { lines.append("  unexpected: \(unexpected.joined(separator: ", "))") }
        for mismatch in misshapen {
            lines.append(
                "  \(mismatch.key): the module has shape \(mismatch.expected.brackets), the state dictionary "
                    + "\(mismatch.found.brackets)")
        }
        if misshapen.isEmpty { lines.append("  Pass strict: false to load what fits by name.") }
        return lines.joined(separator: "\n")
    }
}
