import ApusGraph

/// Normalises each channel of a batch of vectors or sequences (`torch.nn.BatchNorm1d`; Ioffe & Szegedy 2015).
///
/// [N, C] or [N, C, L] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias. In training mode mean and
/// variance are the batch's over N and L (the variance divided by their number n), and the running statistics move
/// towards them: running ← (1 − momentum) · running + momentum · batch, where the running variance takes the batch's
/// divided by n − 1. In evaluation mode they are the running statistics, or the batch's where none are tracked.
/// Another number of dimensions is an error when the layer is called, and so is one value per channel in training
/// mode, and another number of channels where the layer has state.
///
/// State: `weight` [C] (ones) and `bias` [C] (zeros) where `affine`; `running_mean` [C] (zeros), `running_var` [C]
/// (ones) and `num_batches_tracked` (`int64`, 0) where `trackRunningStats`.
open class BatchNorm1d: BatchNorm {
    /// A normalisation of `numFeatures` channels.
    ///
    /// - Parameters:
    ///   - numFeatures: the channels C of the input, not negative.
    ///   - eps: ε, which keeps the root away from 0; `1e-5` by default.
    ///   - momentum: the weight of a new batch in the running statistics; nil makes them the mean over all batches;
    ///     `0.1` by default.
    ///   - affine: whether there are a learnt scale and shift; `true` by default.
    ///   - trackRunningStats: whether running statistics are kept for evaluation mode; `true` by default.
    ///   - bias: whether an affine layer has the shift, not the scale alone; `true` by default.
    ///
    /// A negative number of channels is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ numFeatures: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
        trackRunningStats: Bool = true, bias: Bool = true
    ) {
        super.init(
            RunningNormArguments(
                layer: "BatchNorm1d", spatialRank: 1, numFeatures: numFeatures, eps: eps, momentum: momentum,
                affine: affine, trackRunningStats: trackRunningStats, hasBias: bias))
    }

    /// For ``LazyBatchNorm1d``, whose channels are not known yet.
    override init(_ given: RunningNormArguments) { super.init(given) }
}
