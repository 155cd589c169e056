import ApusGraph

/// e⁻ˣ / Σ e⁻ˣ along a dimension: positive, with the sum 1, and largest for the least x (`torch.nn.Softmin`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class Softmin: Module {
    /// The dimension along which the elements are related; from the end where it is negative.
    ///
    /// nil is PyTorch's old rule, which it warns of: 0 for inputs of 0, 1 or 3 dimensions, else 1.
    public let dim: Int?

    /// The function along a dimension.
    ///
    /// - Parameters:
    ///   - dim: the dimension along which the elements are related, from the end where it is negative; `nil` by
    ///     default, which is PyTorch's old rule, of which it warns: 0 for inputs of 0, 1 or 3 dimensions, else 1.
    ///
    /// A `dim` that the input lacks is an error when the layer is called (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(dim: Int? = nil) {
        self.dim = dim
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        input.softmin(dim: dim ?? Softmax.implicitDimension(of: input))
    }

    override open var extraDescription: String { "dim=\(dim.map(String.init) ?? "None")" }
}
