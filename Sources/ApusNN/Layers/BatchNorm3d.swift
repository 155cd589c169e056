import ApusGraph

/// Normalises each channel of a batch of volumes (`torch.nn.BatchNorm3d`; Ioffe & Szegedy 2015).
///
/// [N, C, D, H, W] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias. In training mode mean and variance
/// are the batch's over N, D, H and W (the variance divided by their number n), and the running statistics move towards
/// them: running ← (1 − momentum) · running + momentum · batch, where the running variance takes the batch's divided by
/// n − 1. In evaluation mode they are the running statistics, or the batch's where none are tracked. Another number of
/// dimensions or channels is an error when the layer is called, and so is one value per channel in training mode.
///
/// State: `weight` [C] (ones) and `bias` [C] (zeros) where `affine`; `running_mean` [C] (zeros), `running_var` [C]
/// (ones) and `num_batches_tracked` (`int64`, 0) where `trackRunningStats`.
open class BatchNorm3d: BatchNorm {
    /// A normalisation of `numFeatures` channels; a negative number of them is an error (see ``withTensorErrors(_:)``).
    ///
    /// A `momentum` of nil makes the running statistics the mean over all batches. `bias: false` leaves the shift out of
    /// an affine layer.
    public init(
        _ numFeatures: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
        trackRunningStats: Bool = true, bias: Bool = true
    ) {
        super.init(
            "BatchNorm3d", ranks: [5], forms: "[N, C, D, H, W]", numFeatures, eps: eps, momentum: momentum,
            affine: affine, trackRunningStats: trackRunningStats, bias: bias)
    }
}
