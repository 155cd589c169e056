import ApusGraph

/// a · σ(b) of the two halves a and b of the input along a dimension (`torch.nn.GLU`; Dauphin et al. 2017).
///
/// […, 2n, …] → […, n, …] at the dimension `dim`, whose size must be even.
open class GLU: Module {
    /// The dimension that is halved; from the end where it is negative.
    public let dim: Int

    /// The activation along a dimension.
    ///
    /// - Parameters:
    ///   - dim: the dimension that is halved, from the end where it is negative; `-1` by default.
    ///
    /// A `dim` that the input lacks, and an odd size, are errors when the layer is called (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public init(dim: Int = -1) {
        self.dim = dim
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.glu(dim: dim) }

    override open var extraDescription: String { "dim=\(dim)" }
}
