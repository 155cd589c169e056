import ApusGraph
import ApusPlan

/// A chain of elementwise functions that was recorded for some tensors, and can be recorded for others as one operation.
///
/// An optimizer's rule is ten to twenty functions for each parameter. Recorded one by one they are most of the nodes of a
/// small network's step; as a template they are one node a parameter, and the same program for all of them, which the
/// engine computes in one sweep.
public struct ElementwiseTemplate {
    private let program: FusedPointwise.Program
    /// What the chain reads beside its inputs: tensors without dimensions.
    public let shared: [Tensor]
    private let sharedValues: [Value]
    /// Where they are; nil where there are none.
    private let sharedDevice: Device?

    /// A result of a node.
    private struct Place: Hashable {
        let node: ObjectIdentifier
        let output: Int

        init(_ value: Value) { (node, output) = (ObjectIdentifier(value.node), value.output) }
    }

    /// As many functions and inputs as the engine joins by itself.
    private static let bounds = (instructions: 40, inputs: 16)

    /// The chain that leads from `inputs` to `results`.
    ///
    /// nil where it is no template: where anything but elementwise functions lies on the way, where tensors with
    /// dimensions are read that are no inputs, where not all have one shape, and where it is too long.
    ///
    /// - Parameters:
    ///   - inputs: what the chain begins with.
    ///   - results: what it ends with, one to four.
    ///   - earlier: a template, such as that of the step before. Where its functions are the same, they are shared,
    ///     which saves the engine comparing them.
    public init?(from inputs: [Tensor], to results: [Tensor], like earlier: ElementwiseTemplate? = nil) {
        guard let shape = inputs.first?.shape, (inputs + results).allSatisfy({ $0.shape == shape }), shape.rank > 0,
            (1...4).contains(results.count)
        else { return nil }
        var registers: [Place: Int] = [:]
        for (index, input) in inputs.enumerated() { registers[Place(input.value)] = index }
        guard registers.count == inputs.count else { return nil }
        // Nodes in an order in which they can be computed, without recursion.
        var order: [Node] = []
        var shared: [Value] = []
        var stack: [(value: Value, isDone: Bool)] = results.reversed().map { ($0.value, false) }
        while let (value, isDone) = stack.popLast() {
            let place = Place(value)
            if isDone {
                if registers[place] == nil {
                    registers[place] = -1
                    order.append(value.node)
                }
                continue
            }
            guard registers[place] == nil else { continue }
            if value.spec.shape.rank == 0 {
                registers[place] = inputs.count + shared.count
                shared.append(value)
                continue
            }
            guard case .pending(let primitive, let operands) = value.node.work, primitive is Pointwise,
                value.spec.shape == shape, order.count < Self.bounds.instructions
            else { return nil }
            stack.append((value, true))
            for operand in operands.reversed() { stack.append((operand, false)) }
        }
        let inputCount = inputs.count + shared.count
        guard inputCount <= Self.bounds.inputs, !order.isEmpty else { return nil }
        for (index, node) in order.enumerated() { registers[Place(Value(node, 0))] = inputCount + index }
        var instructions: [FusedPointwise.Instruction] = []
        for node in order {
            guard case .pending(let primitive, let operands) = node.work, let pointwise = primitive as? Pointwise else {
                return nil
            }
            instructions.append(
                FusedPointwise.Instruction(
                    .function(pointwise.function), operands: operands.compactMap { registers[Place($0)] },
                    dtype: node.outputs[0].dtype))
        }
        let registersOfResults = results.compactMap { registers[Place($0.value)] }
        // A result that is an input stands for itself, which no operation gives.
        guard registersOfResults.allSatisfy({ $0 >= inputCount }) else { return nil }
        let program = FusedPointwise.Program(
            inputTypes: (inputs.map(\.value) + shared).map(\.spec.dtype), instructions: instructions,
            results: registersOfResults)
        if let known = earlier?.program, known == program { self.program = known } else { self.program = program }
        self.shared = shared.map { Tensor($0) }
        sharedValues = shared
        sharedDevice = self.shared.first?.device
        guard self.shared.allSatisfy({ $0.device == sharedDevice }) else { return nil }
    }

    private init(_ program: FusedPointwise.Program, _ shared: [Tensor]) {
        (self.program, self.shared, sharedDevice) = (program, shared, shared.first?.device)
        sharedValues = shared.map(\.value)
    }

    /// The same chain with other numbers: tensors in the places of ``shared``, and of their types.
    public func reading(_ shared: [Tensor]) -> ElementwiseTemplate {
        precondition(
            shared.count == self.shared.count
                && shared.indices.allSatisfy {
                    shared[$0].dtype == self.shared[$0].dtype && shared[$0].rank == 0
                        && shared[$0].device == shared[0].device
                },
            "tensors of other types, shapes or places than those that the chain was made with")
        return ElementwiseTemplate(program, shared)
    }
}

extension ElementwiseTemplate {
    /// The chain as an update of a leaf, and of tensors that are kept beside it; nil where its inputs and results are not
    /// of one node, as those are that ``record(_:_:_:as:)`` makes, or do not fit.
    ///
    /// - Parameters:
    ///   - leaf: what is updated.
    ///   - data: its elements, the first input.
    ///   - gradient: the second input.
    ///   - others: the further inputs.
    ///   - changed: which of them the results behind the first one replace.
    ///   - earlier: the update of the step before, which serves again where it is the same.
    public func update(
        of leaf: Leaf, _ data: Tensor, _ gradient: Tensor, _ others: [Tensor], changed: [Int],
        like earlier: TensorUpdate?
    ) -> TensorUpdate? {
        let node = data.value.node
        guard gradient.fits(program.inputTypes[1], like: data), node.standing == .evaluated,
            sharedDevice == nil || sharedDevice == data.device
        else { return nil }
        let update: TensorUpdate
        if let earlier, earlier.identity == ObjectIdentifier(program), earlier.node === node {
            update = earlier
        } else if let made = newUpdate(of: leaf, data, others, changed) {
            update = made
        } else {
            return nil
        }
        update.prepare(gradient: gradient.value, shared: sharedValues)
        return update
    }

    private func newUpdate(of leaf: Leaf, _ data: Tensor, _ others: [Tensor], _ changed: [Int]) -> TensorUpdate? {
        let (node, types) = (data.value.node, program.inputTypes)
        let operation = Operation(program, on: data.spec)
        guard data.value.output == 0, node.outputs == operation.results, changed.count + 1 == node.outputs.count,
            others.count + shared.count + 2 == types.count, data.fits(types[0], like: data)
        else { return nil }
        for (index, other) in others.enumerated() where !other.fits(types[index + 2], like: data) { return nil }
        for (position, index) in changed.enumerated() {
            guard others[index].value.node === node, others[index].value.output == position + 1 else { return nil }
        }
        return TensorUpdate(
            operation.primitive, identity: ObjectIdentifier(program), of: leaf, in: node, others: others.map(\.value))
    }

    /// The chain as an operation on tensors of one shape and device: what stays the same from step to step.
    public struct Operation: Sendable {
        fileprivate let primitive: FusedPointwise
        fileprivate let results: [TensorSpec]

        fileprivate init(_ program: FusedPointwise.Program, on spec: TensorSpec) {
            let primitive = FusedPointwise(program, shapes: [spec.shape])
            self.primitive = primitive
            results = program.results.map { TensorSpec(spec.shape, primitive.dtype(of: $0), spec.device) }
        }

        fileprivate func isChain(_ program: FusedPointwise.Program, on tensor: Tensor) -> Bool {
            primitive.program === program && tensor.has(results[0].shape, on: results[0].device)
        }
    }

    /// Records the chain without a way back; nil, and nothing is recorded, where it does not fit the inputs.
    ///
    /// - Parameters:
    ///   - first: the first input.
    ///   - second: the second.
    ///   - others: further ones.
    ///   - operation: the operation that was recorded for such inputs before; another one is put in its place where it
    ///     is not the one for these.
    public func record(
        _ first: Tensor, _ second: Tensor, _ others: [Tensor], as operation: inout Operation?
    ) -> [Tensor]? {
        let types = program.inputTypes
        guard others.count + shared.count + 2 == types.count, first.fits(types[0], like: first),
            second.fits(types[1], like: first), sharedDevice == nil || sharedDevice == first.device
        else { return nil }
        for index in others.indices where !others[index].fits(types[index + 2], like: first) { return nil }
        // The chain was recorded once function by function: its shapes are known to be right.
        if operation?.isChain(program, on: first) != true { operation = Operation(program, on: first.spec) }
        guard let operation else { return nil }
        return Tensor.record(operation.primitive, giving: operation.results, operandCount: types.count) { operands in
            operands.append(first)
            operands.append(second)
            for tensor in others { operands.append(tensor) }
            for number in shared { operands.append(number) }
        }
    }
}
