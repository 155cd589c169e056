import ApusGraph

/// What ``MaxPool1d``, ``MaxPool2d`` and ``MaxPool3d`` share: the largest element of each window of [N, C, …] → [N, C,
/// …] (`torch.nn.MaxPool2d` and its kin).
open class MaxPoolNd: Module {
    /// The size of the windows along each spatial dimension.
    public let kernelSize: SpatialSizes
    /// The step from window to window along each spatial dimension.
    public let stride: SpatialSizes
    /// What is added on both sides of each spatial dimension.
    public let padding: SpatialSizes
    /// The distance of a window's elements along each spatial dimension.
    public let dilation: SpatialSizes
    /// Whether sizes are rounded up.
    public let ceilMode: Bool
    /// Whether PyTorch's layer would return the positions as well; here ``withIndices(_:)`` does.
    public let returnIndices: Bool
    private let geometry: PoolingGeometry

    init(
        _ rank: Int, _ kernelSize: any SpatialSize, stride: (any SpatialSize)?, padding: any SpatialSize,
        dilation: any SpatialSize, returnIndices: Bool, ceilMode: Bool
    ) {
        var arguments = LayerArguments(of: "MaxPool\(rank)d")
        let window = arguments.window(
            rank, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
        (self.kernelSize, self.stride) = (window.kernelSize, window.stride)
        (self.padding, self.dilation) = (window.padding, window.dilation)
        (self.ceilMode, self.returnIndices) = (ceilMode, returnIndices)
        geometry = window.geometry
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.maxPool(geometry).values }

    /// The largest elements, and as `int64` where they were: the flat position (y · W + x in two dimensions) within the
    /// plane of the sample and channel, without padding.
    ///
    /// - Parameters:
    ///   - input: [N, C, …] or [C, …].
    public func withIndices(_ input: Tensor) -> (values: Tensor, indices: Tensor) {
        withModulePath { input.maxPool(geometry) }
    }

    override open var extraDescription: String {
        "kernel_size=\(kernelSize), stride=\(stride), padding=\(padding), dilation=\(dilation), "
            + "ceil_mode=\(PythonText.of(ceilMode))"
    }
}
