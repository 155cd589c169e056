import ApusGraph

/// A tensor that belongs to a module's state but is not trained (`register_buffer`): a batch norm's running mean.
public final class Buffer: Sendable, TensorOperand {
    private let leaf: Leaf

    /// Whether ``Module/stateDict()`` contains it.
    public let isPersistent: Bool

    public init(_ data: Tensor, isPersistent: Bool = true) {
        leaf = Leaf(data, requiresGrad: false)
        self.isPersistent = isPersistent
    }

    /// The elements.
    public var data: Tensor {
        get { leaf.data }
        set { leaf.data = newValue }
    }

    public var operand: Tensor { leaf.data }

    public var shape: Shape { leaf.data.shape }
    public var dtype: DType { leaf.data.dtype }
}
