import ApusGraph

/// The elements of each sliding window as a column, also called im2col (`torch.nn.Unfold`).
///
/// [N, C, H, W] or [C, H, W] → [N, C · kh · kw, L] or [C · kh · kw, L], with one column for each of the L = H' · W'
/// windows, H' = ⌊(H + 2p − d · (F − 1) − 1) / S⌋ + 1 and W' likewise. Padding is 0.
open class Unfold: Module {
    /// The size of the windows along each spatial dimension.
    public let kernelSize: SpatialSizes
    /// The distance of a window's elements along each spatial dimension.
    public let dilation: SpatialSizes
    /// What is added on both sides of each spatial dimension.
    public let padding: SpatialSizes
    /// The step from window to window along each spatial dimension.
    public let stride: SpatialSizes
    private let window: SlidingWindow

    /// Windows of `kernelSize`.
    ///
    /// - Parameters:
    ///   - kernelSize: F, the size of the windows, at least 1: an `Int` for both dimensions, or [height, width].
    ///   - dilation: d, the distance of a window's elements, at least 1; `1` by default.
    ///   - padding: p, zeros on all sides, at least 0; `0` by default.
    ///   - stride: S, the step from window to window, at least 1; `1` by default.
    ///
    /// Sizes, strides and dilations below 1 and a negative padding are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ kernelSize: any SpatialSize, dilation: any SpatialSize = 1, padding: any SpatialSize = 0,
        stride: any SpatialSize = 1
    ) {
        var arguments = LayerArguments(of: "Unfold")
        window = arguments.window(kernelSize, dilation, padding, stride)
        (self.kernelSize, self.dilation) = (kernelSize.spatialSizes, dilation.spatialSizes)
        (self.padding, self.stride) = (padding.spatialSizes, stride.spatialSizes)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.unfold(window) }

    override open var extraDescription: String {
        "kernel_size=\(kernelSize), dilation=\(dilation), padding=\(padding), stride=\(stride)"
    }
}

extension LayerArguments {
    /// The window of Unfold and Fold.
    mutating func window(
        _ kernelSize: any SpatialSize, _ dilation: any SpatialSize, _ padding: any SpatialSize,
        _ stride: any SpatialSize
    ) -> SlidingWindow {
        SlidingWindow(
            kernelSize: sizes(kernelSize, "kernelSize", rank: 2, atLeast: 1).sizes,
            stride: sizes(stride, "stride", rank: 2, atLeast: 1).sizes,
            padding: sizes(padding, "padding", rank: 2, atLeast: 0).sizes,
            dilation: sizes(dilation, "dilation", rank: 2, atLeast: 1).sizes)
    }
}
