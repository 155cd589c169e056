import Synchronization

/// A multi-dimensional array of numbers, computed when it is read.
///
/// A tensor is a value: operations make new tensors and never change one that somebody else holds; `x += y` and
/// `x[0..., 2..<6] = 0` rebind the variable. Operations only record what is to be done (and check shapes and types at
/// once); reading a value, printing and `optimizer.step()` compute all that is pending as one plan.
public struct Tensor: Sendable {
    let handle: TensorHandle

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
    public func detach() -> Tensor { Tensor(TensorHandle(value)) }

    /// The same elements as a new leaf, whose ``grad`` `backward()` will fill (`requires_grad_()`).
    public func requiringGrad() -> Tensor { Leaf(detach(), requiresGrad: true).tensor }
}

/// What a tensor holds on to: the release of the last handle tells the engine that a result is no longer needed.
final class TensorHandle: Sendable {
    let value: Value
    let edge: GradientEdge?
    let leaf: Leaf?
    /// The number itself where the tensor is a literal in an expression (`x * 2`): it takes the type of its partner.
    let literal: Literal?
    /// What `grad_fn` shows where it is not the last operation's own name.
    let gradientName: String?

    enum Literal: Sendable {
        case integer(Int64)
        case real(Double)
    }

    init(
        _ value: Value, edge: GradientEdge? = nil, leaf: Leaf? = nil, literal: Literal? = nil,
        gradientName: String? = nil
    ) {
        self.value = value
        self.gradientName = gradientName
        self.edge = edge
        self.leaf = leaf
        self.literal = literal
        value.node.retainHandle(value.output)
    }

    deinit { value.node.releaseHandle(value.output) }
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
        let results = recording.node.outputs.mapFew { output, _ in recording.result(output) }
        if recording.enqueue() { evaluateNow(results.map(\.value)) }
        return results
    }

    /// Records an operation whose results are known, without asking ``Primitive/infer(_:)``, and without a way back.
    ///
    /// - Parameters:
    ///   - primitive: the operation.
    ///   - inputs: inputs that need no gradients, of shapes and types that the operation takes.
    ///   - specs: the shapes and types of the results.
    public static func record(_ primitive: some Primitive, _ inputs: [Tensor], giving specs: [TensorSpec]) -> [Tensor] {
        guard let recording = Recording(primitive, inputs, nil, specs) else { return [poisoned(like: inputs)] }
        let results = specs.mapFew { output, _ in recording.result(output) }
        if recording.enqueue() { evaluateNow(results.map(\.value)) }
        return results
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

    private static func evaluateNow(_ values: [Value]) {
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

/// An operation as it was recorded: its node, and its step of the way back where there is one.
private struct Recording {
    let node: Node
    private let gradient: GradientNode?
    /// The sizes of the finished elements that it reads.
    private let leafBytes: Int

    /// nil where an input is poisoned, and after an error, which is raised. `known` are the results' shapes and types, if
    /// they are known.
    ///
    /// The primitive comes in its box, which the node and the way back share. Written for any primitive, this would be
    /// compiled for each of them by itself in this module, and for none in the others.
    init?(
        _ primitive: any Primitive, _ given: [Tensor], _ gradientName: String?, _ known: [TensorSpec]? = nil
    ) {
        var inputs = given
        let device = given.first?.device ?? .cpu
        var (leadsToLeaves, areTogether) = (false, true)
        for index in given.indices {
            if given[index].value.node.isPoisoned { return nil }
            if given[index].requiresGrad { leadsToLeaves = true }
            if given[index].device != device { areTogether = false }
        }
        var inputSpecs: [TensorSpec] = []
        let specs: [TensorSpec]
        do throws(TensorError) {
            if !areTogether { try Self.bringTogether(&inputs, of: primitive) }
            if let known, areTogether {
                precondition(!leadsToLeaves, "an operation with known results has no gradient")
                specs = known
            } else {
                inputSpecs = inputs.mapFew { $1.spec }
                specs = try primitive.infer(inputSpecs)
                try Self.checkSizes(specs, of: primitive)
            }
        } catch {
            TensorError.raise(error)
            return nil
        }
        var leafBytes = 0
        for index in inputs.indices where inputs[index].value.node.standing == .evaluated {
            leafBytes += inputs[index].byteCount
        }
        self.leafBytes = leafBytes
        node = Node(primitive, inputs.mapFew { $1.value }, outputs: specs)
        gradient =
            leadsToLeaves && GradientMode.isEnabled
            ? GradientNode(primitive, name: gradientName, inputs: inputs, inputSpecs: inputSpecs, results: node) : nil
    }

    func result(_ output: Int) -> Tensor {
        guard let gradient, node.outputs[output].dtype.isFloatingPoint else {
            return Tensor(TensorHandle(Value(node, output)))
        }
        return Tensor(TensorHandle(Value(node, output), edge: GradientEdge(gradient, output)))
    }

    /// Adds the node to the pending ones, once its results are held; returns whether it is to be computed now.
    func enqueue() -> Bool { PendingWork.add(node, leafBytes: leafBytes) || EvaluationHook.isEager }

    // Names are made for errors only: that of a chain of functions is put together from theirs.
    private static func checkSizes(_ specs: [TensorSpec], of primitive: any Primitive) throws(TensorError) {
        let limit = StoragePool.physicalBytes
        for spec in specs where spec.byteCount > limit {
            throw TensorError(
                primitive.name,
                "a result of shape \(spec.shape.brackets) takes more than the \(limit) bytes "
                    + "of memory that this machine has.")
        }
    }

    /// Moves what follows its partners to their device; not all are on one.
    private static func bringTogether(_ inputs: inout [Tensor], of primitive: any Primitive) throws(TensorError) {
        let fixed = inputs.filter { !$0.followsPartners }.map(\.device)
        guard let device = fixed.first ?? inputs.map(\.device).first(where: { $0 != .cpu }) else { return }
        for other in fixed where other != device {
            throw TensorError(
                primitive.name, "the inputs are on different devices: \(device) and \(other). Move one with .to(_:).")
        }
        inputs = inputs.map { $0.moved(to: device) }
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
