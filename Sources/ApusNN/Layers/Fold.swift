import ApusGraph

/// The sum of columns at the places of their sliding windows, also called col2im (`torch.nn.Fold`): the transpose of
/// ``Unfold``.
///
/// [N, C · kh · kw, L] or [C · kh · kw, L] → [N, C, H, W] or [C, H, W] with `outputSize` [H, W], where L = H' · W' with
/// H' = ⌊(H + 2p − d · (F − 1) − 1) / S⌋ + 1 and W' likewise is the number of windows. What falls on padding is dropped.
open class Fold: Module {
    public let outputSize: SpatialSizes
    public let kernelSize: SpatialSizes
    public let dilation: SpatialSizes
    public let padding: SpatialSizes
    public let stride: SpatialSizes
    private let window: SlidingWindow
    private let image: [Int]

    /// Images of `outputSize` from windows of `kernelSize`; sizes, strides and dilations below 1 and a negative padding
    /// are errors (see ``withTensorErrors(_:)``), and so is another number of columns when the layer is called.
    public init(
        _ outputSize: any SpatialSize, kernelSize: any SpatialSize, dilation: any SpatialSize = 1,
        padding: any SpatialSize = 0, stride: any SpatialSize = 1
    ) {
        var arguments = LayerArguments(of: "Fold")
        image = arguments.sizes(outputSize, "outputSize", rank: 2, atLeast: 1).sizes
        window = arguments.window(kernelSize, dilation, padding, stride)
        (self.outputSize, self.kernelSize) = (outputSize.spatialSizes, kernelSize.spatialSizes)
        (self.dilation, self.padding) = (dilation.spatialSizes, padding.spatialSizes)
        self.stride = stride.spatialSizes
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.fold(window, outputSize: image) }

    override open var extraDescription: String {
        "output_size=\(outputSize), kernel_size=\(kernelSize), dilation=\(dilation), padding=\(padding), "
            + "stride=\(stride)"
    }
}
