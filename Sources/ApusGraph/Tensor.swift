import Synchronization

/// A multi-dimensional array of numbers, computed when it is read.
///
/// A tensor is a value: operations make new tensors and never change one that somebody else holds; `x += y` and
/// `x[0..., 2..<6] = 0` rebind the variable. Operations only record what is to be done (and check shapes and types at
/// once); reading a value, printing and `optimizer.step()` compute all that is pending as one plan.
public struct Tensor: Sendable {
    private(set) var handle: TensorHandle

    init(_ handle: TensorHandle) { self.handle = handle }

    /// A tensor of finished elements.
    public init(_ storage: Storage, _ spec: TensorSpec) {
        precondition(storage.byteCount >= spec.byteCount, "the storage is smaller than the tensor")
        handle = TensorHandle(Value(Node(storage, spec), 0))
    }

    /// The tensor that a node's result is, without history.
    public init(_ value: Value) { handle = TensorHandle(value) }

    /// The node and the number of the result that this tensor stands for.
    public var value: Value { handle.value }

    public var spec: TensorSpec { handle.value.spec }
    /// The sizes of the dimensions, outermost first.
    public var shape: Shape { spec.shape }
    public var dtype: DType { handle.value.node.outputs[handle.value.output].dtype }
    public var device: Device { handle.value.node.outputs[handle.value.output].device }
    /// The number of dimensions; 0 for a scalar.
    public var rank: Int { handle.value.node.outputs[handle.value.output].shape.rank }
    /// The number of elements.
    public var count: Int { shape.elementCount }
    var byteCount: Int { handle.value.node.outputs[handle.value.output].byteCount }

    /// Whether the tensor has this shape and device; asked without copies of them.
    ///
    /// - Parameters:
    ///   - shape: the shape that is compared with the tensor's.
    ///   - device: the device that is compared with the tensor's.
    public func has(_ shape: Shape, on device: Device) -> Bool {
        let (node, output) = (handle.value.node, handle.value.output)
        return node.outputs[output].shape == shape && node.outputs[output].device == device
    }

    /// Whether the tensor is computed, or can be, and has this type and another tensor's shape and device; asked without
    /// copies of them.
    ///
    /// - Parameters:
    ///   - dtype: the type that is compared with the tensor's.
    ///   - other: the tensor whose shape and device are compared with the tensor's.
    public func fits(_ dtype: DType, like other: Tensor) -> Bool {
        let (node, output) = (handle.value.node, handle.value.output)
        let (model, position) = (other.handle.value.node, other.handle.value.output)
        return node.outputs[output].dtype == dtype && node.outputs[output].shape == model.outputs[position].shape
            && node.outputs[output].device == model.outputs[position].device && !node.isPoisoned
    }

    /// Whether this variable alone holds the tensor.
    public mutating func isHeldOnce() -> Bool { isKnownUniquelyReferenced(&handle) }

    /// Whether operations on this tensor are recorded for `backward()`.
    public var requiresGrad: Bool { handle.edge != nil }

    /// What recorded this tensor's gradient, in PyTorch's words (`AddmmBackward0`); nil for leaves and constants.
    public var gradientFunctionName: String? {
        guard let node = handle.edge?.node, !node.isAccumulator else { return nil }
        return handle.gradientName ?? node.name
    }

    /// The same tensor under the name that PyTorch gives the gradient of a function made of several operations.
    public func withGradientName(_ name: String?) -> Tensor {
        Tensor(TensorHandle(value, edge: handle.edge, leaf: handle.leaf, gradientName: name))
    }

    /// The gradient that `backward()` accumulated in this tensor, if it is a leaf that requires one.
    public var grad: Tensor? { handle.leaf?.grad }

    /// The same elements without the history of their computation; no gradient flows through (`torch.Tensor.detach`).
    public func detach() -> Tensor { handle.isPlain ? self : Tensor(TensorHandle(value)) }

    /// The same elements as a new leaf, whose ``grad`` `backward()` will fill (`requires_grad_()`).
    public func requiringGrad() -> Tensor { Leaf(detach(), requiresGrad: true).tensor }
}

/// What a tensor holds on to: the release of the last handle tells the engine that a result is no longer needed.
final class TensorHandle: Sendable {
    let value: Value
    let edge: GradientEdge?
    let leaf: Leaf?
    private let marks: Marks?

    /// What few tensors have, apart from the others so that their handles are small.
    private final class Marks: Sendable {
        let literal: Literal?
        let gradientName: String?

        init(_ literal: Literal?, _ gradientName: String?) {
            (self.literal, self.gradientName) = (literal, gradientName)
        }
    }

    enum Literal: Sendable {
        case integer(Int64)
        case real(Double)
    }

    init(
        _ value: Value, edge: GradientEdge? = nil, leaf: Leaf? = nil, literal: Literal? = nil,
        gradientName: String? = nil
    ) {
        self.value = value
        self.edge = edge
        self.leaf = leaf
        marks = literal == nil && gradientName == nil ? nil : Marks(literal, gradientName)
        value.node.retainHandle(value.output)
    }

    /// A result of a node, with the step of the way back that made it, if there is one.
    init(_ value: Value, from step: GradientNode?) {
        self.value = value
        edge = step.map { GradientEdge($0, value.output) }
        (leaf, marks) = (nil, nil)
        value.node.retainHandle(value.output)
    }

    deinit { value.node.releaseHandle(value.output) }

    /// The number itself where the tensor is a literal in an expression (`x * 2`): it takes the type of its partner.
    var literal: Literal? { marks?.literal }

    /// What `grad_fn` shows where it is not the last operation's own name.
    var gradientName: String? { marks?.gradientName }

    /// Whether it holds nothing but the value.
    var isPlain: Bool { edge == nil && leaf == nil && marks == nil }
}

// MARK: - Recording

extension Tensor {
    /// Records an operation and returns its results.
    ///
    /// The shape rule is checked now. Where it is broken, the error is raised (see ``TensorError/raise(_:)``) and the
    /// results are poisoned. `gradientName` replaces the primitive's own name in `grad_fn`.
    public static func record(
        _ primitive: some Primitive, _ inputs: [Tensor], gradientName: String? = nil
    ) -> [Tensor] {
        guard let recording = Recording(primitive, inputs, gradientName) else { return [poisoned(like: inputs)] }
        return recording.finish()
    }

    /// Records an operation whose results are known, without asking ``Primitive/infer(_:)``, and without a way back.
    ///
    /// - Parameters:
    ///   - primitive: the operation.
    ///   - specs: the shapes and types of the results.
    ///   - operandCount: how many operands there are.
    ///   - list: appends the operands, which are on one device and of shapes and types that the operation takes.
    public static func record(
        _ primitive: any Primitive, giving specs: [TensorSpec], operandCount: Int, _ list: (inout OperandList) -> Void
    ) -> [Tensor] {
        var operands = OperandList(capacity: operandCount)
        list(&operands)
        return Recording(primitive, operands, specs).finish()
    }

    /// Records a gradient whose results are known, without a way back; the results are poisoned where an operand is.
    ///
    /// - Parameters:
    ///   - primitive: the operation.
    ///   - specs: the shapes and types of the results.
    ///   - operands: what it reads.
    static func recordGradient(
        _ primitive: any Primitive, giving specs: [TensorSpec], _ operands: [Tensor]
    ) -> [Tensor] {
        for index in operands.indices
        where operands[index].handle.value.node.isPoisoned || operands[index].device != operands[0].device {
            // The long way moves what is elsewhere, or refuses it.
            let results = record(primitive, operands)
            return results.count == specs.count
                ? results : specs.map { Tensor(TensorHandle(Value(Node(poisoned: $0), 0))) }
        }
        return record(primitive, giving: specs, operandCount: operands.count) { list in
            for index in operands.indices { list.append(operands[index]) }
        }
    }

    /// Records an operation with one result.
    public static func record(_ primitive: some Primitive, _ inputs: Tensor..., gradientName: String? = nil) -> Tensor {
        recordOne(primitive, inputs, gradientName: gradientName)
    }

    /// Records an operation and returns the first of its results.
    public static func recordOne(
        _ primitive: some Primitive, _ inputs: [Tensor], gradientName: String? = nil
    ) -> Tensor {
        guard let recording = Recording(primitive, inputs, gradientName) else { return poisoned(like: inputs) }
        let result = recording.result(0)
        if recording.enqueue() { evaluateNow([result.value]) }
        return result
    }

    fileprivate static func evaluateNow(_ values: [Value]) {
        do {
            try EvaluationHook.evaluate(values)
        } catch {
            TensorError.raise(error as? TensorError ?? TensorError("evaluate", "\(error)"))
        }
    }

    /// A result that stands for nothing, after an error; it has the shape of the first input.
    public static func poisoned(like inputs: [Tensor] = []) -> Tensor {
        let spec = inputs.first?.spec ?? TensorSpec([], .float32)
        return Tensor(TensorHandle(Value(Node(poisoned: spec), 0)))
    }

    /// Raises an error that was found before an operation could be recorded, and returns a poisoned tensor.
    public static func refuse(_ error: TensorError, like inputs: [Tensor] = []) -> Tensor {
        TensorError.raise(error)
        return poisoned(like: inputs)
    }

    /// Runs checks that throw, and raises their error at the user's call.
    public static func checked(
        like inputs: [Tensor] = [], _ body: () throws(TensorError) -> Tensor
    ) -> Tensor {
        do {
            return try body()
        } catch {
            return refuse(error, like: inputs)
        }
    }
}

/// The operands of an operation whose results are known, in order.
public struct OperandList {
    fileprivate var values: [Value] = []
    /// The sizes of the finished elements among them.
    fileprivate var leafBytes = 0

    fileprivate init(capacity: Int) { values.reserveCapacity(capacity) }

    /// Adds an operand.
    ///
    /// - Parameters:
    ///   - tensor: the operand, which was not made after an error.
    public mutating func append(_ tensor: Tensor) {
        let value = tensor.handle.value
        switch value.node.standing {
        case .pending: break
        case .evaluated: leafBytes += value.node.outputs[value.output].byteCount
        case .poisoned: preconditionFailure("an operand was made after an error")
        }
        value.node.addConsumer()
        values.append(value)
    }
}

/// An operation as it was recorded: its node, and its step of the way back where there is one.
private struct Recording {
    private let node: Node
    private let gradient: GradientNode?
    /// The sizes of the finished elements that it reads.
    private let leafBytes: Int

    /// nil where an input is poisoned, and after an error, which is raised.
    ///
    /// The primitive comes in its box, which the node and the way back share. Written for any primitive, this would be
    /// compiled for each of them by itself in this module, and for none in the others.
    init?(_ primitive: any Primitive, _ given: [Tensor], _ gradientName: String?) {
        let device = given.isEmpty ? .cpu : given[0].device
        var (leadsToLeaves, areTogether, leafBytes) = (false, true, 0)
        for index in given.indices {
            let handle = given[index].handle
            switch handle.value.node.standing {
            case .pending: break
            case .evaluated: leafBytes += handle.value.node.outputs[handle.value.output].byteCount
            case .poisoned: return nil
            }
            if handle.edge != nil { leadsToLeaves = true }
            if handle.value.node.outputs[handle.value.output].device != device { areTogether = false }
        }
        self.leafBytes = leafBytes
        do throws(TensorError) {
            let inputs = areTogether ? given : try Self.together(given, of: primitive)
            let inputSpecs = Self.specs(of: inputs)
            let specs = try primitive.infer(inputSpecs)
            try Self.checkSizes(specs, of: primitive)
            let values = inputs.mapFew { _, input in
                let value = input.handle.value
                value.node.addConsumer()
                return value
            }
            node = Node(primitive, values, outputs: specs)
            gradient =
                leadsToLeaves && GradientMode.isEnabled
                ? GradientNode(primitive, name: gradientName, inputs: inputs, inputSpecs: inputSpecs, results: node)
                : nil
        } catch {
            TensorError.raise(error)
            return nil
        }
    }

    /// With known results, and without a way back.
    init(_ primitive: any Primitive, _ operands: OperandList, _ specs: [TensorSpec]) {
        leafBytes = operands.leafBytes
        node = Node(primitive, operands.values, outputs: specs)
        gradient = nil
    }

    /// All results; the node is among the pending ones then.
    func finish() -> [Tensor] {
        let results =
            switch node.outputs.count {
            case 1: [result(0)]
            case 2: [result(0), result(1)]
            case 3: [result(0), result(1), result(2)]
            default: node.outputs.indices.map { result($0) }
            }
        if enqueue() { Tensor.evaluateNow(results.map(\.value)) }
        return results
    }

    func result(_ output: Int) -> Tensor {
        let isDerived = gradient != nil && node.outputs[output].dtype.isFloatingPoint
        return Tensor(TensorHandle(Value(node, output), from: isDerived ? gradient : nil))
    }

    /// Adds the node to the pending ones, once its results are held; returns whether it is to be computed now.
    func enqueue() -> Bool { PendingWork.add(node, leafBytes: leafBytes) || EvaluationHook.isEager }

    private static func specs(of inputs: [Tensor]) -> [TensorSpec] {
        if inputs.count == 1 {
            // The list of a node's only result is there already.
            let outputs = inputs[0].handle.value.node.outputs
            if outputs.count == 1 { return outputs }
        }
        return inputs.mapFew { $1.handle.value.spec }
    }

    // Names are made for errors only: that of a chain of functions is put together from theirs.
    private static func checkSizes(_ specs: [TensorSpec], of primitive: any Primitive) throws(TensorError) {
        let limit = StoragePool.physicalBytes
        for index in specs.indices where specs[index].byteCount > limit {
            throw TensorError(
                primitive.name,
                "a result of shape \(specs[index].shape.brackets) takes more than the \(limit) bytes "
                    + "of memory that this machine has.")
        }
    }

    /// Moves what follows its partners to their device; not all are on one.
    private static func together(_ inputs: [Tensor], of primitive: any Primitive) throws(TensorError) -> [Tensor] {
        let fixed = inputs.filter { !$0.followsPartners }.map(\.device)
        guard let device = fixed.first ?? inputs.map(\.device).first(where: { $0 != .cpu }) else { return inputs }
        for other in fixed where other != device {
            throw TensorError(
                primitive.name, "the inputs are on different devices: \(device) and \(other). Move one with .to(_:).")
        }
        return inputs.map { $0.moved(to: device) }
    }
}

extension Array {
    /// What `transform` makes of each position and element: `map` for the one to three operands or results of most
    /// operations, which literals hold without the steps of an array that grows.
    @inline(__always)
    func mapFew<Result>(_ transform: (Int, Element) -> Result) -> [Result] {
        switch count {
        case 0: []
        case 1: [transform(0, self[0])]
        case 2: [transform(0, self[0]), transform(1, self[1])]
        case 3: [transform(0, self[0]), transform(1, self[1]), transform(2, self[2])]
        default:
            // Filled where it lies: each of `map`'s elements asks whether there is room.
            [Result](unsafeUninitializedCapacity: count) { buffer, initialized in
                for index in indices { buffer.initializeElement(at: index, to: transform(index, self[index])) }
                initialized = count
            }
        }
    }
}
