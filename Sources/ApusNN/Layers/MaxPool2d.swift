import ApusGraph

/// The largest element of each window (`torch.nn.MaxPool2d`).
///
/// [N, C, H, W] or [C, H, W] → [N, C, H', W'] with H' = ⌊(H + 2p − d · (F − 1) − 1) / S⌋ + 1, or with the ceiling where
/// `ceilMode`. The padding holds no elements: it never is the largest.
open class MaxPool2d: Module {
    public let kernelSize: SpatialSizes
    public let stride: SpatialSizes
    public let padding: SpatialSizes
    public let dilation: SpatialSizes
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
        var arguments = LayerArguments(of: "MaxPool2d")
        self.kernelSize = arguments.sizes(kernelSize, "kernelSize", rank: 2, atLeast: 1)
        self.stride = arguments.sizes(stride ?? kernelSize, "stride", rank: 2, atLeast: 1)
        self.padding = arguments.sizes(padding, "padding", rank: 2, atLeast: 0)
        self.dilation = arguments.sizes(dilation, "dilation", rank: 2, atLeast: 1)
        self.ceilMode = ceilMode
        self.returnIndices = returnIndices
        geometry = PoolingGeometry(
            kernelSize: self.kernelSize.sizes, stride: self.stride.sizes, padding: self.padding.sizes,
            dilation: self.dilation.sizes, ceilMode: ceilMode)
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
    /// Says that an input is no image and no batch of images.
    static func rankError(of input: Tensor, _ operation: String) -> TensorError? {
        guard input.rank != 3, input.rank != 4 else { return nil }
        return TensorError(
            operation,
            "the input \(input.shape.brackets) has \(input.rank) dimensions. Expected 4, [N, C, H, W], or 3 "
                + "without a batch, [C, H, W].")
    }
}
