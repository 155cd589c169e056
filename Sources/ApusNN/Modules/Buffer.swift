import ApusGraph

/// A tensor that belongs to a module's state but is not trained (`register_buffer`): a batch norm's running mean.
public final class Buffer: Sendable, TensorOperand {
    private let leaf: Leaf
    /// Only of a buffer that was made without elements.
    private let lazy: LazyState?

    /// Whether ``Module/stateDict()`` contains it.
    public let isPersistent: Bool

    /// A buffer of the elements `data`, which ``Module/stateDict()`` contains where `isPersistent`.
    public init(_ data: Tensor, isPersistent: Bool = true) {
        leaf = Leaf(data, requiresGrad: false)
        lazy = nil
        self.isPersistent = isPersistent
    }

    /// A buffer without elements (`torch.nn.UninitializedBuffer`), as
    /// ``Parameter/init(uninitialized:dtype:requiresGrad:)`` makes a parameter.
    public init(uninitialized shape: PartialShape, dtype: DType = .float32, isPersistent: Bool = true) {
        leaf = Leaf(.poisoned(), requiresGrad: false)
        lazy = LazyState(shape, dtype)
        self.isPersistent = isPersistent
    }

    /// Whether there are elements; false for a buffer of a lazy layer that has not seen a batch.
    public var isInitialized: Bool { lazy?.isInitialized ?? true }

    /// The elements.
    public var data: Tensor {
        get { unavailable ?? leaf.data }
        set { if lazy?.initialize(with: newValue, "buffer") ?? true { leaf.data = newValue } }
    }

    /// The elements, beside a tensor in an expression.
    public var operand: Tensor { data }

    /// The sizes of the dimensions.
    public var shape: Shape { data.shape }
    /// The type of the elements.
    public var dtype: DType { unknown?.dtype ?? leaf.data.dtype }
    /// Where the elements are.
    public var device: Device { unknown?.device ?? leaf.data.device }

    /// What is known as long as there are no elements.
    var unknown: LazyState? { lazy.flatMap { $0.isInitialized ? nil : $0 } }

    private var unavailable: Tensor? { unknown?.refuse("buffer") }
}
