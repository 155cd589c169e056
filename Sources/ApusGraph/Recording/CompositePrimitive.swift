/// An operation that is recorded as one and computed as several: a layer's function, or its gradients, which would take a
/// node each.
///
/// No backend knows it. The engine puts the operations in its place before it plans, so that they are joined with others
/// and computed as if each had been recorded by itself.
public protocol CompositePrimitive: Primitive {
    /// Appends the operations, and returns the results.
    ///
    /// - Parameters:
    ///   - inputs: the operation's inputs.
    ///   - expansion: where the operations go.
    func expand(
        _ inputs: [Expansion.Operand], into expansion: inout Expansion
    ) throws(TensorError) -> [Expansion.Operand]
}

/// The operations that a composite consists of.
public struct Expansion {
    /// An input of the composite, or a result of one of its operations: its position in ``specs``.
    public typealias Operand = Int

    public struct Step {
        public let primitive: any Primitive
        public let inputs: [Operand]
        public let outputs: [Operand]
    }

    /// In an order in which they can be computed.
    public private(set) var steps: [Step] = []
    /// The inputs, then the results of the steps.
    public private(set) var specs: [TensorSpec]

    /// The operations of `primitive` on such inputs, with the results among their operands.
    public static func of(
        _ primitive: some CompositePrimitive, _ inputs: [TensorSpec]
    ) throws(TensorError) -> (expansion: Expansion, results: [Operand]) {
        var expansion = Expansion(specs: inputs)
        let results = try primitive.expand(Array(inputs.indices), into: &expansion)
        return (expansion, results)
    }

    private init(specs: [TensorSpec]) { self.specs = specs }

    /// Appends an operation and returns its results.
    public mutating func append(_ primitive: some Primitive, _ inputs: [Operand]) throws(TensorError) -> [Operand] {
        var given: [TensorSpec] = []
        for input in inputs { given.append(specs[input]) }
        let first = specs.count
        specs += try primitive.infer(given)
        let outputs = Array(first..<specs.count)
        steps.append(Step(primitive: primitive, inputs: inputs, outputs: outputs))
        return outputs
    }

    /// Appends an operation and returns its first result.
    public mutating func append(_ primitive: some Primitive, _ inputs: Operand...) throws(TensorError) -> Operand {
        try append(primitive, inputs)[0]
    }
}
