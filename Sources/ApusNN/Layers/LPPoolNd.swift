import ApusGraph

/// What ``LPPool1d``, ``LPPool2d`` and ``LPPool3d`` share: (Σ xᵖ)^(1/p) over each window of [N, C, …] → [N, C, …]
/// (`torch.nn.LPPool2d` and its kin).
open class LPPoolNd: Module {
    /// The power p.
    public let normType: Double
    /// The size of the windows along each spatial dimension.
    public let kernelSize: SpatialSizes
    /// nil where it is the kernel size.
    public let stride: SpatialSizes?
    /// Whether sizes are rounded up.
    public let ceilMode: Bool
    private let geometry: PoolingGeometry

    init(
        _ rank: Int, _ normType: Double, _ kernelSize: any SpatialSize, stride: (any SpatialSize)?, ceilMode: Bool
    ) {
        var arguments = LayerArguments(of: "LPPool\(rank)d")
        arguments.require(normType != 0, "normType is 0, of which there is no root. Give another power.")
        let window = arguments.window(rank, kernelSize, stride: stride, ceilMode: ceilMode)
        self.normType = normType
        self.kernelSize = window.kernelSize
        self.stride = stride == nil ? nil : window.stride
        self.ceilMode = ceilMode
        geometry = window.geometry
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.powerAveragePool(geometry, normType: normType) }

    override open var extraDescription: String {
        let power = Int(exactly: normType).map(String.init) ?? PythonText.of(normType)
        return "norm_type=\(power), kernel_size=\(kernelSize), stride=\(stride.map(\.description) ?? "None"), "
            + "ceil_mode=\(PythonText.of(ceilMode))"
    }
}
