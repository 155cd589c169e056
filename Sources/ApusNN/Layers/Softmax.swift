import ApusGraph

/// eˣ / Σ eˣ along a dimension: positive, with the sum 1 (`torch.nn.Softmax`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class Softmax: Module {
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
        input.softmax(dim: dim ?? Softmax.implicitDimension(of: input))
    }

    override open var extraDescription: String { "dim=\(dim.map(String.init) ?? "None")" }
}

extension Softmax {
    /// The dimension that PyTorch takes where none is given.
    static func implicitDimension(of input: Tensor) -> Int { [0, 1, 3].contains(input.rank) ? 0 : 1 }
}
