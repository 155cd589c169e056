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
        if inputs.contains(where: { $0.value.node.isPoisoned }) { return [poisoned(like: inputs)] }
        let specs: [TensorSpec]
        var inputs = inputs
        let inputSpecs: [TensorSpec]
        do {
            try bringTogether(&inputs, of: primitive)
            inputSpecs = inputs.map(\.spec)
            specs = try primitive.infer(inputSpecs)
            try checkSizes(specs, of: primitive)
        } catch {
            TensorError.raise(error)
            return [poisoned(like: inputs)]
        }
        // One box for the node and for the way back.
        let boxed: any Primitive = primitive
        var leafBytes = 0
        let node = Node(boxed, inputs.map(\.value), outputs: specs, leafBytes: &leafBytes)
        let gradient: GradientNode? =
            inputs.contains(where: { $0.requiresGrad }) && GradientMode.isEnabled
            ? GradientNode(boxed, name: gradientName, inputs: inputs, inputSpecs: inputSpecs, results: node) : nil
        let results = specs.indices.map { output in
            let isDifferentiable = specs[output].dtype.isFloatingPoint
            return Tensor(
                TensorHandle(
                    Value(node, output),
                    edge: isDifferentiable ? gradient.map { GradientEdge($0, output) } : nil))
        }
        let isDue = PendingWork.add(node, leafBytes: leafBytes)
        if isDue || EvaluationHook.isEager { evaluateNow(results.map(\.value)) }
        return results
    }

    /// Records an operation with one result.
    public static func record(_ primitive: some Primitive, _ inputs: Tensor..., gradientName: String? = nil) -> Tensor {
        record(primitive, inputs, gradientName: gradientName)[0]
    }

    private static func evaluateNow(_ values: [Value]) {
        do {
            try EvaluationHook.evaluate(values)
        } catch {
            TensorError.raise(error as? TensorError ?? TensorError("evaluate", "\(error)"))
        }
    }

    // Names are made for errors only: that of a chain of functions is put together from theirs.
    private static func checkSizes(_ specs: [TensorSpec], of primitive: some Primitive) throws(TensorError) {
        for spec in specs where spec.byteCount > StoragePool.physicalBytes {
            throw TensorError(
                primitive.name,
                "a result of shape \(spec.shape.brackets) takes more than the \(StoragePool.physicalBytes) bytes "
                    + "of memory that this machine has.")
        }
    }

    /// Moves what follows its partners to their device.
    private static func bringTogether(_ inputs: inout [Tensor], of primitive: some Primitive) throws(TensorError) {
        guard let first = inputs.first?.device, inputs.contains(where: { $0.device != first }) else { return }
        let fixed = inputs.filter { !$0.followsPartners }.map(\.device)
        guard let device = fixed.first ?? inputs.map(\.device).first(where: { $0 != .cpu }) else { return }
        for other in fixed where other != device {
            throw TensorError(
                primitive.name, "the inputs are on different devices: \(device) and \(other). Move one with .to(_:).")
        }
        inputs = inputs.map { $0.moved(to: device) }
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
