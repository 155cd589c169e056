import ApusGraph

/// What ``BatchNorm`` and ``InstanceNorm`` share: scale, shift and running statistics of channels
/// (`torch.nn.modules.batchnorm._NormBase`).
///
/// [N, C, …] → the same shape. Use ``BatchNorm2d``, ``InstanceNorm2d`` and their kin.
///
/// State: `weight` [C] (ones) and `bias` [C] (zeros) where `affine`; `running_mean` [C] (zeros), `running_var` [C]
/// (ones) and `num_batches_tracked` (`int64`, 0) where `trackRunningStats`.
open class RunningStatisticsNorm: Module {
    /// The number C of channels.
    public let numFeatures: Int
    /// ε, which keeps the root away from 0.
    public let eps: Double
    /// The weight of a new batch in the running statistics.
    public let momentum: Double?
    /// Whether there are a scale and a shift.
    public let affine: Bool
    /// Whether running statistics are kept.
    public let trackRunningStats: Bool
    /// The scale [C]; nil where there is none.
    public let weight: Parameter?
    /// The shift [C]; nil where there is none.
    public let bias: Parameter?
    /// The running mean [C]; nil where none is kept.
    public let runningMean: Buffer?
    /// The running variance [C]; nil where none is kept.
    public let runningVar: Buffer?
    /// The number of batches that moved the running statistics; nil where none are kept.
    public let numBatchesTracked: Buffer?

    init(
        _ layer: String, _ numFeatures: Int, eps: Double, momentum: Double?, affine: Bool, trackRunningStats: Bool,
        bias: Bool
    ) {
        (self.numFeatures, self.eps, self.momentum) = (numFeatures, eps, momentum)
        (self.affine, self.trackRunningStats) = (affine, trackRunningStats)
        var arguments = LayerArguments(of: layer)
        arguments.require(numFeatures, "numFeatures", atLeast: 0)
        let shape: Shape = [max(numFeatures, 0)]
        weight = affine ? arguments.parameter { .ones(shape) } : nil
        self.bias = affine && bias ? arguments.parameter { .zeros(shape) } : nil
        runningMean = trackRunningStats ? Buffer(.zeros(shape)) : nil
        runningVar = trackRunningStats ? Buffer(.ones(shape)) : nil
        numBatchesTracked = trackRunningStats ? Buffer(Tensor(scalar: 0, dtype: .int64)) : nil
        super.init()
    }

    /// The type that the layer computes in, where it has state.
    private var ownType: DType? { weight?.dtype ?? runningMean?.dtype }

    /// Refuses inputs of another number of dimensions or another type.
    func check(_ input: Tensor, _ operation: String, ranks: [Int], forms: String) throws(TensorError) {
        guard ranks.contains(input.rank) else {
            throw TensorError(
                operation,
                "the input \(input.shape.brackets) has \(input.rank) dimensions. Expected "
                    + "\(ranks.map(String.init).joined(separator: " or ")): \(forms).")
        }
        let dtype = ownType ?? input.dtype
        guard input.dtype == dtype, dtype.isFloatingPoint else {
            let expected = dtype.isFloatingPoint ? dtype : .float32
            throw TensorError(
                operation,
                "the input is \(input.dtype), the layer computes in \(expected). Cast the input to \(expected).")
        }
    }

    /// Refuses inputs of another number of channels.
    func check(channels: Int, of input: Tensor, _ operation: String) throws(TensorError) {
        guard channels == numFeatures else {
            throw TensorError(
                operation,
                "the input \(input.shape.brackets) has \(channels) channels, the layer has num_features: "
                    + "\(numFeatures). Expected num_features: \(channels).")
        }
    }

    /// running ← (1 − factor) · running + factor · new; recorded, and computed with the first result of the forward
    /// pass that is read.
    func move(toMean mean: Tensor, variance: Tensor, factor: Tensor, kept: Tensor) {
        guard let runningMean, let runningVar else { return }
        runningMean.data = runningMean.data * kept + mean * factor
        runningVar.data = runningVar.data * kept + variance * factor
    }

    override open var extraDescription: String {
        "\(numFeatures), eps=\(PythonText.of(eps)), momentum=\(PythonText.of(momentum)), "
            + "affine=\(PythonText.of(affine)), bias=\(PythonText.of(bias != nil)), "
            + "track_running_stats=\(PythonText.of(trackRunningStats))"
    }
}
