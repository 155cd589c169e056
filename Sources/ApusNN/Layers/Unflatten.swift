import ApusGraph

/// Splits one dimension into several (`torch.nn.Unflatten`): [N, C · H · W] → [N, C, H, W].
///
/// A negative dimension counts from the end; one of the sizes may be −1, which is inferred. A dimension outside of the
/// input's, and sizes whose product is not that of the dimension, are an error when the layer is called (see
/// ``/ApusGraph/withTensorErrors(_:)``).
open class Unflatten: Module {
    /// The dimension that is split.
    public let dim: Int
    /// The sizes that it is split into.
    public let unflattenedSize: [Int]

    /// A layer that splits the dimension `dim`.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - unflattenedSize: the sizes that it is split into, one of which may be −1.
    public init(_ dim: Int, _ unflattenedSize: [Int]) {
        (self.dim, self.unflattenedSize) = (dim, unflattenedSize)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.unflatten(dim: dim, sizes: unflattenedSize) }

    override open var extraDescription: String {
        "dim=\(dim), unflattened_size=\(SpatialSizes(unflattenedSize).tupleText)"
    }
}
