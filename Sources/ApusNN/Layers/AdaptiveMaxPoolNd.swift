import ApusGraph

/// What ``AdaptiveMaxPool1d``, ``AdaptiveMaxPool2d`` and ``AdaptiveMaxPool3d`` share: the largest elements of windows
/// that cover [N, C, …] → [N, C, `outputSize`] (`torch.nn.AdaptiveMaxPool2d` and its kin).
open class AdaptiveMaxPoolNd: Module {
    /// The output's size; nil keeps the input's.
    public let outputSize: AdaptiveSizes
    /// Whether PyTorch's layer would return the positions as well; here ``withIndices(_:)`` does.
    public let returnIndices: Bool

    init(_ rank: Int, _ outputSize: Int, returnIndices: Bool) {
        var arguments = LayerArguments(of: "AdaptiveMaxPool\(rank)d")
        self.outputSize = AdaptiveSizes(outputSize, rank: rank, of: &arguments)
        self.returnIndices = returnIndices
        super.init()
    }

    init(_ rank: Int, _ outputSize: [Int?], returnIndices: Bool) {
        var arguments = LayerArguments(of: "AdaptiveMaxPool\(rank)d")
        self.outputSize = AdaptiveSizes(outputSize, rank: rank, of: &arguments)
        self.returnIndices = returnIndices
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.adaptiveMaxPool(outputSize.sizes).values }

    /// The largest elements, and as `int64` where they were: the flat position (y · W + x in two dimensions) within the
    /// plane of the sample and channel.
    ///
    /// - Parameters:
    ///   - input: [N, C, …] or [C, …].
    public func withIndices(_ input: Tensor) -> (values: Tensor, indices: Tensor) {
        withModulePath { input.adaptiveMaxPool(outputSize.sizes) }
    }

    override open var extraDescription: String { "output_size=\(outputSize)" }
}
