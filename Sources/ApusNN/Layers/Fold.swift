import ApusGraph

/// The sum of columns at the places of their sliding windows, also called col2im (`torch.nn.Fold`): the transpose of
/// ``Unfold``.
///
/// [N, C · kh · kw, L] or [C · kh · kw, L] → [N, C, H, W] or [C, H, W] with `outputSize` [H, W], where L = H' · W' with
/// H' = ⌊(H + 2p − d · (F − 1) − 1) / S⌋ + 1 and W' likewise is the number of windows. What falls on padding is
/// dropped.
open class Fold: Module {
    /// The height and width of the result.
    public let outputSize: SpatialSizes
    /// The size of the windows along each spatial dimension.
    public let kernelSize: SpatialSizes
    /// The distance of a window's elements along each spatial dimension.
    public let dilation: SpatialSizes
    /// What is added on both sides of each spatial dimension.
    public let padding: SpatialSizes
    /// The step from window to window along each spatial dimension.
    public let stride: SpatialSizes
    private let window: SlidingWindow
    private let image: [Int]

    /// Images of `outputSize` from windows of `kernelSize`.
    ///
    /// - Parameters:
    ///   - outputSize: the height and width of the result, at least 1: an `Int` for both, or [height, width].
    ///   - kernelSize: F, the size of the windows, at least 1: an `Int` for both dimensions, or [height, width].
    ///   - dilation: d, the distance of a window's elements, at least 1; `1` by default.
    ///   - padding: p, zeros on all sides, at least 0; `0` by default.
    ///   - stride: S, the step from window to window, at least 1; `1` by default.
    ///
    /// Sizes, strides and dilations below 1 and a negative padding are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``), and so is another number of columns when the layer is called.
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
