import ApusGraph

/// The mean of each window (`torch.nn.AvgPool2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = ⌊(H + 2p − F) / S⌋ + 1, or with the ceiling where `ceilMode`.
/// The sum of a window is divided by `divisorOverride`; else by the window's size, padding included; or without
/// `countIncludePad` by the number of elements of the input in it.
open class AvgPool2d: Module {
    public let kernelSize: SpatialSizes
    public let stride: SpatialSizes
    public let padding: SpatialSizes
    public let ceilMode: Bool
    public let countIncludePad: Bool
    public let divisorOverride: Int?
    private let geometry: PoolingGeometry

    /// A pooling; `stride` is the kernel size unless it is given.
    ///
    /// Sizes and strides below 1, a negative padding and a divisor of 0 are errors (see ``withTensorErrors(_:)``), and
    /// so is a padding of more than half of the window when the layer is called.
    public init(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        ceilMode: Bool = false, countIncludePad: Bool = true, divisorOverride: Int? = nil
    ) {
        var arguments = LayerArguments(of: "AvgPool2d")
        self.kernelSize = arguments.sizes(kernelSize, "kernelSize", rank: 2, atLeast: 1)
        self.stride = arguments.sizes(stride ?? kernelSize, "stride", rank: 2, atLeast: 1)
        self.padding = arguments.sizes(padding, "padding", rank: 2, atLeast: 0)
        self.ceilMode = ceilMode
        self.countIncludePad = countIncludePad
        self.divisorOverride = divisorOverride
        arguments.require(divisorOverride != 0, "divisorOverride is 0. Leave it out, or give another divisor.")
        geometry = PoolingGeometry(
            kernelSize: self.kernelSize.sizes, stride: self.stride.sizes, padding: self.padding.sizes,
            dilation: [1, 1], ceilMode: ceilMode)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        if let error = PoolingGeometry.rankError(of: input, "avg_pool2d") { return .refuse(error, like: [input]) }
        return input.averagePool(geometry, countIncludePad: countIncludePad, divisorOverride: divisorOverride)
    }

    override open var extraDescription: String { "kernel_size=\(kernelSize), stride=\(stride), padding=\(padding)" }
}
