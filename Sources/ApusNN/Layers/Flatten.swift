import ApusGraph

/// Joins the dimensions from `startDim` to `endDim` into one (`torch.nn.Flatten`): [N, C, H, W] → [N, C · H · W].
///
/// Negative dimensions count from the end. Dimensions outside of the input's, or in the wrong order, are an error when
/// the layer is called (see ``withTensorErrors(_:)``).
open class Flatten: Module {
    public let startDim: Int
    public let endDim: Int

    public init(startDim: Int = 1, endDim: Int = -1) {
        (self.startDim, self.endDim) = (startDim, endDim)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.flatten(from: startDim, to: endDim) }

    override open var extraDescription: String { "start_dim=\(startDim), end_dim=\(endDim)" }
}
