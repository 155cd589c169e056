import ApusGraph

/// An ``InstanceNorm1d`` whose `numFeatures` is that of its first batch (`torch.nn.LazyInstanceNorm1d`).
///
/// [N, C, L] or [C, L] → the same shape, as of an `InstanceNorm1d`. Weight, bias and running statistics have no
/// elements before the first call: run one batch, or load a state dictionary, before they are given to an optimizer or
/// saved. With the first call the layer becomes an `InstanceNorm1d`, and is printed as one; without state `numFeatures`
/// stays 0. An input with another number of dimensions is an error and leaves the layer lazy.
///
/// As in PyTorch it has state by default, unlike an `InstanceNorm1d`.
open class LazyInstanceNorm1d: InstanceNorm1d {
    /// A normalisation of the channels of its first batch.
    ///
    /// - Parameters:
    ///   - eps: ε, which keeps the root away from 0; `1e-5` by default.
    ///   - momentum: the weight of a new batch in the running statistics; nil leaves them where they are; `0.1` by
    ///     default.
    ///   - affine: whether there are a learnt scale and shift; `true` by default.
    ///   - trackRunningStats: whether running statistics are kept for evaluation mode; `true` by default.
    ///   - bias: whether an affine layer has the shift, not the scale alone; `true` by default.
    public init(
        eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true, trackRunningStats: Bool = true,
        bias: Bool = true
    ) {
        super.init(
            RunningNormArguments(
                layer: "LazyInstanceNorm1d", spatialRank: 1, eps: eps, momentum: momentum,
                affine: affine, trackRunningStats: trackRunningStats, hasBias: bias))
    }

    override open var typeName: String { isLazy ? super.typeName : "InstanceNorm1d" }
}
