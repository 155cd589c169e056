import ApusGraph

/// A tensor that training changes (`torch.nn.Parameter`): a module's weight or bias.
///
/// Tensors are values; a parameter is the place that holds one. It can be updated by hand, as the optimizers do:
/// `parameter.data -= 0.01 * gradient`, `parameter.grad?.fill(0)`.
public final class Parameter: Sendable, TensorOperand {
    /// What the elements and the gradient lie in.
    public let leaf: Leaf
    /// Only of a parameter that was made without elements.
    private let lazy: LazyState?

    /// A parameter of the given elements; `requiresGrad` is ignored for types without gradients (`int64`, `bool` …).
    public init(_ data: Tensor, requiresGrad: Bool = true) {
        leaf = Leaf(data, requiresGrad: requiresGrad)
        lazy = nil
    }

    /// A parameter without elements (`torch.nn.UninitializedParameter`), which a lazy layer gives it with its first
    /// batch by setting ``data``, or a state dictionary that is loaded.
    ///
    /// Until then its elements and shape are an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(uninitialized shape: PartialShape, dtype: DType = .float32, requiresGrad: Bool = true) {
        leaf = Leaf(.poisoned(), requiresGrad: requiresGrad)
        lazy = LazyState(shape, dtype)
    }

    /// Whether there are elements; false for a parameter of a lazy layer that has not seen a batch.
    public var isInitialized: Bool { lazy?.isInitialized ?? true }

    /// The elements, without history: what is computed from them does not lead `backward()` here.
    public var data: Tensor {
        get { unavailable ?? leaf.data }
        set { if lazy?.initialize(with: newValue, "parameter") ?? true { leaf.data = newValue } }
    }

    /// The sum of the gradients that `backward()` has added since it was last cleared; nil where there was none.
    public var grad: Tensor? {
        get { leaf.grad }
        set { leaf.grad = newValue }
    }

    /// Whether `backward()` computes the gradient; false freezes the parameter.
    public var requiresGrad: Bool {
        get { leaf.requiresGrad }
        set { leaf.requiresGrad = newValue }
    }

    /// The elements as an operand of a forward pass: what is computed from them leads `backward()` here.
    public var tensor: Tensor { unavailable ?? leaf.tensor }

    /// The elements, beside a tensor in an expression.
    public var operand: Tensor { tensor }

    /// The sizes of the dimensions.
    public var shape: Shape { data.shape }
    /// The type of the elements.
    public var dtype: DType { unknown?.dtype ?? leaf.data.dtype }
    /// Where the elements are.
    public var device: Device { unknown?.device ?? leaf.data.device }
    /// The number of elements.
    public var count: Int { data.count }

    /// What is known as long as there are no elements.
    var unknown: LazyState? { lazy.flatMap { $0.isInitialized ? nil : $0 } }

    private var unavailable: Tensor? { unknown?.refuse("parameter") }
}
