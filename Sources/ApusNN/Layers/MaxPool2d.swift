import ApusGraph

/// The largest element of each window (`torch.nn.MaxPool2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = ⌊(H + 2p − d · (F − 1) − 1) / S⌋ + 1, or with the ceiling where
/// `ceilMode`. The padding holds no elements: it never is the largest.
open class MaxPool2d: Module {
    public let kernelSize: Pair
    public let stride: Pair
    public let padding: Pair
    public let dilation: Pair
    public let ceilMode: Bool
    /// Whether PyTorch's layer would return the positions as well; here ``withIndices(_:)`` does.
    public let returnIndices: Bool
    private let geometry: PoolingGeometry

    /// A pooling; `stride` is the kernel size unless it is given.
    ///
    /// Sizes, strides and dilations below 1 and a negative padding are errors (see ``withTensorErrors(_:)``), and so is
    /// a padding of more than half of the window when the layer is called.
    public init(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        dilation: any SpatialSize = 1, returnIndices: Bool = false, ceilMode: Bool = false
    ) {
        self.kernelSize = kernelSize.pair
        self.stride = (stride ?? kernelSize).pair
        self.padding = padding.pair
        self.dilation = dilation.pair
        self.ceilMode = ceilMode
        self.returnIndices = returnIndices
        geometry = PoolingGeometry(
            kernelSize: self.kernelSize, stride: self.stride, padding: self.padding, dilation: self.dilation,
            ceilMode: ceilMode, layer: "MaxPool2d")
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { pooled(input).values }

    /// The largest elements, and as `int64` where they were: y · W + x within the plane of the sample and channel.
    public func withIndices(_ input: Tensor) -> (values: Tensor, indices: Tensor) {
        withModulePath { pooled(input) }
    }

    private func pooled(_ input: Tensor) -> (values: Tensor, indices: Tensor) {
        if let error = PoolingGeometry.rankError(of: input, "max_pool2d") {
            let poisoned = Tensor.refuse(error, like: [input])
            return (poisoned, poisoned)
        }
        return input.maxPool(geometry)
    }

    override open var extraDescription: String {
        "kernel_size=\(kernelSize), stride=\(stride), padding=\(padding), dilation=\(dilation), "
            + "ceil_mode=\(PythonText.of(ceilMode))"
    }
}

extension PoolingGeometry {
    /// The geometry of a pooling over height and width, whose numbers are checked.
    init(kernelSize: Pair, stride: Pair, padding: Pair, dilation: Pair, ceilMode: Bool, layer: String) {
        var arguments = LayerArguments(of: layer)
        arguments.require(kernelSize, "kernelSize", atLeast: 1)
        arguments.require(stride, "stride", atLeast: 1)
        arguments.require(padding, "padding", atLeast: 0)
        arguments.require(dilation, "dilation", atLeast: 1)
        self.init(
            kernelSize: kernelSize.sizes, stride: stride.sizes, padding: padding.sizes, dilation: dilation.sizes,
            ceilMode: ceilMode)
    }

    /// Says that an input is no image and no batch of images.
    static func rankError(of input: Tensor, _ operation: String) -> TensorError? {
        guard input.rank != 3, input.rank != 4 else { return nil }
        return TensorError(
            operation,
            "the input \(input.shape.brackets) has \(input.rank) dimensions. Expected 4, [N, C, H, W], or 3 "
                + "without a batch, [C, H, W].")
    }
}
