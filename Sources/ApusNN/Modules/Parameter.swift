import ApusGraph

/// A tensor that training changes (`torch.nn.Parameter`): a module's weight or bias.
///
/// Tensors are values; a parameter is the place that holds one. It can be updated by hand, as the optimizers do:
/// `parameter.data -= 0.01 * gradient`, `parameter.grad?.fill(0)`.
public final class Parameter: Sendable, TensorOperand {
    private let leaf: Leaf

    /// A parameter of the given elements; `requiresGrad` is ignored for types without gradients (`int64`, `bool` …).
    public init(_ data: Tensor, requiresGrad: Bool = true) { leaf = Leaf(data, requiresGrad: requiresGrad) }

    /// The elements, without history: what is computed from them does not lead `backward()` here.
    public var data: Tensor {
        get { leaf.data }
        set { leaf.data = newValue }
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
    public var tensor: Tensor { leaf.tensor }

    public var operand: Tensor { leaf.tensor }

    public var shape: Shape { leaf.data.shape }
    public var dtype: DType { leaf.data.dtype }
    /// The number of elements.
    public var count: Int { leaf.data.count }
}
