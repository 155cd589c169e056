import ApusGraph

/// Normalises each channel of each volume by itself (`torch.nn.InstanceNorm3d`; Ulyanov, Vedaldi & Lempitsky 2016).
///
/// [N, C, D, H, W] or [C, D, H, W] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias, where mean and
/// variance (divided by the number of positions) are taken over D, H and W. With `trackRunningStats` the running
/// statistics move in training mode towards the batch's mean of them, and evaluation mode normalises by them. Another
/// number of dimensions, another number of channels than the state's, and one position for each channel whose
/// statistics are needed are errors when the layer is called.
///
/// State: `weight` [C] (ones) and `bias` [C] (zeros) where `affine`; `running_mean` [C] (zeros), `running_var` [C]
/// (ones) and `num_batches_tracked` (`int64`, always 0) where `trackRunningStats`.
open class InstanceNorm3d: InstanceNorm {
    /// A normalisation of `numFeatures` channels.
    ///
    /// - Parameters:
    ///   - numFeatures: the channels C of the input, not negative.
    ///   - eps: ε, which keeps the root away from 0; `1e-5` by default.
    ///   - momentum: the weight of a new batch in the running statistics; nil leaves them where they are; `0.1` by
    ///     default.
    ///   - affine: whether there are a learnt scale and shift; `false` by default.
    ///   - trackRunningStats: whether running statistics are kept for evaluation mode; `false` by default.
    ///   - bias: whether an affine layer has the shift, not the scale alone; `true` by default.
    ///
    /// A negative number of channels is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        _ numFeatures: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = false,
        trackRunningStats: Bool = false, bias: Bool = true
    ) {
        super.init(
            RunningNormArguments(
                layer: "InstanceNorm3d", spatialRank: 3, numFeatures: numFeatures, eps: eps, momentum: momentum,
                affine: affine, trackRunningStats: trackRunningStats, hasBias: bias))
    }

    /// For ``LazyInstanceNorm3d``, whose channels are not known yet.
    override init(_ given: RunningNormArguments) { super.init(given) }
}
