import ApusGraph

/// What the instance norms of one, two and three dimensions share (`torch.nn.modules.instancenorm._InstanceNorm`).
///
/// [N, C, …] or, without a batch, [C, …] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias, where mean
/// and variance are taken over the positions of each sample and channel. With `trackRunningStats` the running
/// statistics move in training mode towards the means over the batch of each sample's mean and variance (divided by n −
/// 1), by `momentum` (nil leaves them where they are, as in PyTorch), and evaluation mode normalises by them.
open class InstanceNorm: RunningStatisticsNorm {
    /// The number of dimensions of an input without a batch.
    private let unbatchedRank: Int
    /// What inputs are, for messages.
    private let forms: String

    override init(_ given: RunningNormArguments) {
        unbatchedRank = given.spatialRank + 1
        forms = "[N, \(given.sample)], or [\(given.sample)] without a batch"
        super.init(given)
    }

    override open func forward(_ input: Tensor) -> Tensor {
        .checked(like: [input]) { () throws(TensorError) in
            if isLazy, input.value.node.isPoisoned { return .poisoned(like: [input]) }
            try check(input, "instance_norm", ranks: [unbatchedRank, unbatchedRank + 1], forms: forms)
            try check(channels: input.shape[input.rank - unbatchedRank], of: input, "instance_norm")
            guard input.rank == unbatchedRank else { return try normalize(input) }
            return try normalize(input.unsqueeze(dim: 0)).squeeze(dim: 0)
        }
    }

    private func normalize(_ input: Tensor) throws(TensorError) -> Tensor {
        if !isTraining, let mean = runningMean, let variance = runningVar {
            return input.instanceNorm(
                runningMean: mean.data, runningVar: variance.data, weight: weight?.tensor, bias: bias?.tensor,
                useInputStats: false, eps: eps)
        }
        let isTracked = isTraining && trackRunningStats
        guard !isTracked || input.count > 0 else {
            throw TensorError(
                "instance_norm",
                "the input \(input.shape.brackets) is empty: there are no statistics to track. Use eval().")
        }
        let (result, mean, variance) = input.instanceNormWithStatistics(
            weight: weight?.tensor, bias: bias?.tensor, eps: eps)
        if isTracked, let mean, let variance { track(mean: mean.detach(), variance: variance.detach(), of: input) }
        return result
    }

    /// Moves the running statistics towards the mean over the batch; the number of batches is not counted, as in
    /// PyTorch.
    private func track(mean: Tensor, variance: Tensor, of input: Tensor) {
        noGrad {
            let perSample = Shape([input.shape[0], input.shape[1]])
            let positions = Double(input.count / perSample.elementCount)
            let factor = momentum ?? 0
            move(
                toMean: mean.reshape(perSample).mean(dim: 0),
                variance: variance.reshape(perSample).mean(dim: 0) * (positions / (positions - 1)),
                factor: Tensor(scalar: factor, dtype: mean.dtype), kept: Tensor(scalar: 1 - factor, dtype: mean.dtype))
        }
    }
}
