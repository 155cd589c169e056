import ApusGraph

/// Normalises each channel of a batch of images (`torch.nn.BatchNorm2d`; Ioffe & Szegedy 2015).
///
/// [N, C, H, W] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias. In training mode mean and variance
/// are the batch's over N, H and W (the variance divided by their number n), and the running statistics move towards
/// them: running ← (1 − momentum) · running + momentum · batch, where the running variance takes the batch's divided by
/// n − 1. In evaluation mode they are the running statistics, or the batch's where none are tracked.
///
/// State: `weight` [C] (ones) and `bias` [C] (zeros) where `affine`; `running_mean` [C] (zeros), `running_var` [C]
/// (ones) and `num_batches_tracked` (`int64`, 0) where `trackRunningStats`.
open class BatchNorm2d: Module {
    public let numFeatures: Int
    /// ε, which keeps the root away from 0.
    public let eps: Double
    /// The weight of a new batch in the running statistics; nil makes them the mean over all batches.
    public let momentum: Double?
    public let affine: Bool
    public let trackRunningStats: Bool
    public let weight: Parameter?
    public let bias: Parameter?
    public let runningMean: Buffer?
    public let runningVar: Buffer?
    public let numBatchesTracked: Buffer?

    /// A normalisation of `numFeatures` channels; a negative number of them is an error (see ``withTensorErrors(_:)``).
    ///
    /// `bias: false` leaves the shift out of an affine layer.
    public init(
        _ numFeatures: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
        trackRunningStats: Bool = true, bias: Bool = true
    ) {
        (self.numFeatures, self.eps, self.momentum) = (numFeatures, eps, momentum)
        (self.affine, self.trackRunningStats) = (affine, trackRunningStats)
        var arguments = LayerArguments(of: "BatchNorm2d")
        arguments.require(numFeatures, "numFeatures", atLeast: 0)
        let shape: Shape = [max(numFeatures, 0)]
        weight = affine ? arguments.parameter { .ones(shape) } : nil
        self.bias = affine && bias ? arguments.parameter { .zeros(shape) } : nil
        runningMean = trackRunningStats ? Buffer(.zeros(shape)) : nil
        runningVar = trackRunningStats ? Buffer(.ones(shape)) : nil
        numBatchesTracked = trackRunningStats ? Buffer(Tensor(scalar: 0, dtype: .int64)) : nil
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        .checked(like: [input]) { () throws(TensorError) in
            try check(input)
            if !isTraining, let mean = runningMean, let variance = runningVar {
                return normalize(input, mean: mean.data, variance: variance.data)
            }
            return normalizeByBatch(input)
        }
    }

    private func check(_ input: Tensor) throws(TensorError) {
        guard input.rank == 4 else {
            throw TensorError(
                "batch_norm",
                "the input \(input.shape.brackets) has \(input.rank) dimensions. Expected 4: [N, "
                    + "\(numFeatures), H, W].")
        }
        guard input.shape[1] == numFeatures else {
            throw TensorError(
                "batch_norm",
                "the input \(input.shape.brackets) has \(input.shape[1]) channels, the layer has "
                    + "num_features: \(numFeatures). Expected num_features: \(input.shape[1]).")
        }
        let dtype = weight?.dtype ?? runningMean?.dtype ?? input.dtype
        guard input.dtype == dtype, dtype.isFloatingPoint else {
            let expected = dtype.isFloatingPoint ? dtype : .float32
            throw TensorError(
                "batch_norm",
                "the input is \(input.dtype), the layer computes in \(expected). Cast the input to "
                    + "\(expected).")
        }
    }

    private func normalizeByBatch(_ input: Tensor) -> Tensor {
        var inputs = [input]
        if affine {
            let shape: Shape = [numFeatures]
            inputs.append(weight?.tensor ?? .ones(shape, dtype: input.dtype))
            inputs.append(bias?.tensor ?? .zeros(shape, dtype: input.dtype))
        }
        let results = Tensor.record(BatchNormalization(epsilon: eps, isAffine: affine), inputs)
        // After an error there is one poisoned result, which must not reach the running statistics.
        guard results.count == 4 else { return results[0] }
        if isTraining { track(mean: results[1].detach(), variance: results[2].detach(), count: input.count) }
        return results[0]
    }

    /// Moves the running statistics; recorded, and computed with the first result of the forward pass that is read.
    private func track(mean: Tensor, variance: Tensor, count: Int) {
        guard let runningMean, let runningVar, let numBatchesTracked else { return }
        noGrad {
            numBatchesTracked.data += 1
            let perChannel = Double(count / max(numFeatures, 1))
            let unbiased = variance * (perChannel / (perChannel - 1))
            let factor =
                momentum.map { Tensor(scalar: $0, dtype: mean.dtype) }
                ?? numBatchesTracked.data.cast(to: mean.dtype).reciprocal()
            let kept = momentum.map { Tensor(scalar: 1 - $0, dtype: mean.dtype) } ?? 1 - factor
            runningMean.data = runningMean.data * kept + mean * factor
            runningVar.data = runningVar.data * kept + unbiased * factor
        }
    }

    /// (x − mean) · scale + shift, channel by channel.
    private func normalize(_ input: Tensor, mean: Tensor, variance: Tensor) -> Tensor {
        let channels: Shape = [1, numFeatures, 1, 1]
        var scale = (variance + eps).rsqrt()
        if let weight { scale = scale * weight.tensor }
        let shift = bias?.tensor ?? .zeros([numFeatures], dtype: input.dtype)
        let scaled = (input - mean.reshape(channels)) * scale.reshape(channels)
        return Tensor.record(Pointwise(.add), [scaled, shift.reshape(channels)], gradientName: gradientName)[0]
    }

    private var gradientName: String { BatchNormalization(epsilon: eps, isAffine: affine).gradientName }

    override open var extraDescription: String {
        "\(numFeatures), eps=\(PythonText.of(eps)), momentum=\(PythonText.of(momentum)), "
            + "affine=\(PythonText.of(affine)), bias=\(PythonText.of(bias != nil)), "
            + "track_running_stats=\(PythonText.of(trackRunningStats))"
    }
}
