import ApusGraph

/// What ``AdaptiveAvgPool1d``, ``AdaptiveAvgPool2d`` and ``AdaptiveAvgPool3d`` share: the means of windows that cover
/// [N, C, …] → [N, C, `outputSize`] (`torch.nn.AdaptiveAvgPool2d` and its kin).
open class AdaptiveAvgPoolNd: Module {
    /// The output's size; nil keeps the input's.
    public let outputSize: AdaptiveSizes

    init(_ rank: Int, _ outputSize: Int) {
        var arguments = LayerArguments(of: "AdaptiveAvgPool\(rank)d")
        self.outputSize = AdaptiveSizes(outputSize, rank: rank, of: &arguments)
        super.init()
    }

    init(_ rank: Int, _ outputSize: [Int?]) {
        var arguments = LayerArguments(of: "AdaptiveAvgPool\(rank)d")
        self.outputSize = AdaptiveSizes(outputSize, rank: rank, of: &arguments)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.adaptiveAveragePool(outputSize.sizes) }

    override open var extraDescription: String { "output_size=\(outputSize)" }
}
