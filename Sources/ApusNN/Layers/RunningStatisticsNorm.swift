import ApusGraph

/// The arguments of a ``RunningStatisticsNorm`` as its layer is given them.
struct RunningNormArguments {
    /// The class's name, for messages.
    var layer: String
    /// The number of dimensions beside samples and channels.
    var spatialRank: Int
    /// nil where the first batch is to say it.
    var numFeatures: Int?
    var eps: Double
    var momentum: Double?
    var affine: Bool
    var trackRunningStats: Bool
    var hasBias: Bool

    /// The names of one sample's dimensions: `C, H, W`.
    var sample: String {
        (["C"] + (spatialRank == 1 ? ["L"] : ["D", "H", "W"].suffix(spatialRank))).joined(separator: ", ")
    }
}

/// What ``BatchNorm`` and ``InstanceNorm`` share: scale, shift and running statistics of channels
/// (`torch.nn.modules.batchnorm._NormBase`).
///
/// [N, C, …] → the same shape. Use ``BatchNorm2d``, ``InstanceNorm2d`` and their kin.
///
/// State: `weight` [C] (ones) and `bias` [C] (zeros) where `affine`; `running_mean` [C] (zeros), `running_var` [C]
/// (ones) and `num_batches_tracked` (`int64`, 0) where `trackRunningStats`.
open class RunningStatisticsNorm: Module {
    /// The number C of channels; 0 for a lazy layer, such as ``LazyBatchNorm2d``, before its first batch, and for one
    /// without state, which takes any number.
    public private(set) var numFeatures: Int
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
    /// Whether the first batch is to say what ``numFeatures`` is.
    private(set) var isLazy: Bool

    init(_ given: RunningNormArguments) {
        (eps, momentum) = (given.eps, given.momentum)
        (affine, trackRunningStats) = (given.affine, given.trackRunningStats)
        let hasBias = given.affine && given.hasBias
        if let numFeatures = given.numFeatures {
            (self.numFeatures, isLazy) = (numFeatures, false)
            var arguments = LayerArguments(of: given.layer)
            arguments.require(numFeatures, "numFeatures", atLeast: 0)
            let shape: Shape = [max(numFeatures, 0)]
            weight = affine ? arguments.parameter { .ones(shape) } : nil
            bias = hasBias ? arguments.parameter { .zeros(shape) } : nil
            runningMean = trackRunningStats ? Buffer(.zeros(shape)) : nil
            runningVar = trackRunningStats ? Buffer(.ones(shape)) : nil
        } else {
            (numFeatures, isLazy) = (0, true)
            weight = affine ? Parameter(uninitialized: [nil]) : nil
            bias = hasBias ? Parameter(uninitialized: [nil]) : nil
            runningMean = trackRunningStats ? Buffer(uninitialized: [nil]) : nil
            runningVar = trackRunningStats ? Buffer(uninitialized: [nil]) : nil
        }
        numBatchesTracked = trackRunningStats ? Buffer(Tensor(scalar: 0, dtype: .int64)) : nil
        super.init()
    }

    /// Takes ``numFeatures`` from a state dictionary that was loaded, or else from the first batch, and makes what was
    /// not loaded. Without state there is nothing to size, and it stays 0 as in PyTorch.
    private func initialize(channels: Int) throws(TensorError) {
        let parameters = [weight, bias].compactMap { $0 }
        let buffers = [runningMean, runningVar].compactMap { $0 }
        let loaded = Set(
            parameters.filter(\.isInitialized).map(\.count) + buffers.filter(\.isInitialized).map(\.data.count))
        guard loaded.count <= 1 else {
            throw TensorError(
                typeName,
                "the loaded state is of \(loaded.sorted().map(String.init).joined(separator: " and ")) channels. Load a "
                    + "state dictionary whose tensors have one size.")
        }
        isLazy = false
        guard hasState else { return }
        numFeatures = loaded.first ?? channels
        let shape: Shape = [numFeatures]
        weight?.initialize { .ones(shape) }
        bias?.initialize { .zeros(shape) }
        runningMean?.initialize { .zeros(shape) }
        runningVar?.initialize { .ones(shape) }
    }

    /// Whether anything has a size; without state the number of channels means nothing.
    private var hasState: Bool { affine || trackRunningStats }

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

    /// Refuses inputs of another number of channels than the state's, which a lazy layer takes from its first batch.
    func check(channels: Int, of input: Tensor, _ operation: String) throws(TensorError) {
        if isLazy { try initialize(channels: channels) }
        guard channels == numFeatures || !hasState else {
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
