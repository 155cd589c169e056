import ApusGraph

/// What the batch norms of one, two and three dimensions share (`torch.nn.modules.batchnorm._BatchNorm`).
///
/// [N, C, …] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias. In training mode mean and variance are
/// the batch's over all but the channels (the variance divided by their number n), and the running statistics move
/// towards them: running ← (1 − momentum) · running + momentum · batch, where the running variance takes the batch's
/// divided by n − 1; a `momentum` of nil makes them the mean over all batches. In evaluation mode they are the running
/// statistics, or the batch's where none are tracked.
open class BatchNorm: RunningStatisticsNorm {
    /// The numbers of dimensions that an input may have.
    private let ranks: [Int]
    /// What such inputs are, for messages.
    private let forms: String

    override init(_ given: RunningNormArguments) {
        // Vectors have no positions.
        let takesVectors = given.spatialRank == 1
        ranks = (takesVectors ? [2] : []) + [given.spatialRank + 2]
        forms = (takesVectors ? "[N, C] or " : "") + "[N, \(given.sample)]"
        super.init(given)
    }

    override open func forward(_ input: Tensor) -> Tensor {
        .checked(like: [input]) { () throws(TensorError) in
            if isLazy, input.value.node.isPoisoned { return .poisoned(like: [input]) }
            try check(input, "batch_norm", ranks: ranks, forms: forms)
            try check(channels: input.shape[1], of: input, "batch_norm")
            if !isTraining, let mean = runningMean, let variance = runningVar {
                return input.batchNorm(
                    runningMean: mean.data, runningVar: variance.data, weight: weight?.tensor, bias: bias?.tensor,
                    eps: eps)
            }
            let (result, mean, variance) = input.batchNormWithStatistics(
                weight: weight?.tensor, bias: bias?.tensor, eps: eps)
            if isTraining { track(mean: mean, variance: variance, of: input) }
            return result
        }
    }

    /// Moves the running statistics. An empty batch has none and only counts; a refused one does not count either.
    private func track(mean: Tensor?, variance: Tensor?, of input: Tensor) {
        guard let numBatchesTracked, input.count == 0 || mean != nil else { return }
        noGrad {
            numBatchesTracked.data += 1
            guard let mean, let variance else { return }
            let perChannel = Double(input.count / max(numFeatures, 1))
            let factor =
                momentum.map { Tensor(scalar: $0, dtype: mean.dtype) }
                ?? numBatchesTracked.data.cast(to: mean.dtype).reciprocal()
            let kept = momentum.map { Tensor(scalar: 1 - $0, dtype: mean.dtype) } ?? 1 - factor
            move(
                toMean: mean.detach(), variance: variance.detach() * (perChannel / (perChannel - 1)), factor: factor,
                kept: kept)
        }
    }
}
