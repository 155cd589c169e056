import ApusGraph

/// Joins the dimensions from `startDim` to `endDim` into one (`torch.nn.Flatten`): [N, C, H, W] → [N, C · H · W].
///
/// Negative dimensions count from the end. Dimensions outside of the input's, or in the wrong order, are an error when
/// the layer is called (see ``/ApusGraph/withTensorErrors(_:)``).
open class Flatten: Module {
    /// The first dimension that is joined.
    public let startDim: Int
    /// The last dimension that is joined.
    public let endDim: Int

    /// A layer that joins the dimensions `startDim` … `endDim`.
    ///
    /// - Parameters:
    ///   - startDim: the first of them; negative ones count from the end; `1` by default.
    ///   - endDim: the last of them, included; `-1` by default.
    public init(startDim: Int = 1, endDim: Int = -1) {
        (self.startDim, self.endDim) = (startDim, endDim)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.flatten(from: startDim, to: endDim) }

    override open var extraDescription: String { "start_dim=\(startDim), end_dim=\(endDim)" }
}
