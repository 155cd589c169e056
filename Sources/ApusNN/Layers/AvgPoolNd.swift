import ApusGraph

/// What ``AvgPool1d``, ``AvgPool2d`` and ``AvgPool3d`` share: the mean of each window of [N, C, …] → [N, C, …]
/// (`torch.nn.AvgPool2d` and its kin).
open class AvgPoolNd: Module {
    /// The size of the windows along each spatial dimension.
    public let kernelSize: SpatialSizes
    /// The step from window to window along each spatial dimension.
    public let stride: SpatialSizes
    /// What is added on both sides of each spatial dimension.
    public let padding: SpatialSizes
    /// Whether sizes are rounded up.
    public let ceilMode: Bool
    /// Whether the padding counts as elements of the mean.
    public let countIncludePad: Bool
    /// What sums are divided by; nil where it is the number of elements.
    public let divisorOverride: Int?
    private let geometry: PoolingGeometry

    init(
        _ rank: Int, _ kernelSize: any SpatialSize, stride: (any SpatialSize)?, padding: any SpatialSize,
        ceilMode: Bool, countIncludePad: Bool, divisorOverride: Int?
    ) {
        var arguments = LayerArguments(of: "AvgPool\(rank)d")
        let window = arguments.window(rank, kernelSize, stride: stride, padding: padding, ceilMode: ceilMode)
        arguments.require(divisorOverride != 0, "divisorOverride is 0. Leave it out, or give another divisor.")
        (self.kernelSize, self.stride, self.padding) = (window.kernelSize, window.stride, window.padding)
        (self.ceilMode, self.countIncludePad) = (ceilMode, countIncludePad)
        self.divisorOverride = divisorOverride
        geometry = window.geometry
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        input.averagePool(geometry, countIncludePad: countIncludePad, divisorOverride: divisorOverride)
    }

    override open var extraDescription: String { "kernel_size=\(kernelSize), stride=\(stride), padding=\(padding)" }
}
