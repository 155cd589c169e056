import ApusGraph
import ApusNN

/// Averages of a model's weights over the course of training (`torch.optim.swa_utils.AveragedModel`).
///
///     let average = AveragedModel(net, averaging: .exponential(decay: 0.999))
///     for … {
///         optimizer.step()
///         average.updateParameters()
///     }
///     let accuracy = average.withAveragedWeights { evaluate(net) }
///
/// The first update takes the weights as they are. An update is computed together with the next step.
public class AveragedModel {
    /// How the weights are averaged.
    public enum Averaging: Sendable, Hashable {
        /// The mean of all weights so far: a ← a + (w − a) / (n + 1), stochastic weight averaging (Izmailov et al.
        /// 2018).
        case equal
        /// a ← decay · a + (1 − decay) · w, with `decay` from 0 to 1.
        case exponential(decay: Double)
        /// As `exponential`, but the n-th update keeps at most (1 + n) / (10 + n): the first weights, which are far from
        /// all others, are forgotten soon, also by a decay near 1 (`tf.train.ExponentialMovingAverage` with
        /// `num_updates`).
        case warmingExponential(decay: Double)
    }

    /// Whose weights are averaged.
    public let model: Module
    /// How they are averaged.
    public let averaging: Averaging
    /// Whether buffers such as running means are averaged too; else the averaged model has those of the last update.
    public let useBuffers: Bool
    /// How many updates have been made.
    public private(set) var averagedCount = 0
    /// The averages, by the parameters and buffers that they are of.
    private var parameterAverages: [Tensor]
    private var bufferAverages: [Tensor]

    /// Averages of the weights of `model`, which are its present ones at first.
    ///
    /// A decay outside of 0 … 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    ///
    /// - Parameters:
    ///   - model: whose weights are averaged.
    ///   - averaging: how; `.equal` by default.
    ///   - useBuffers: whether buffers such as running means are averaged too; `false` by default.
    public init(_ model: Module, averaging: Averaging = .equal, useBuffers: Bool = false) {
        (self.model, self.averaging, self.useBuffers) = (model, averaging, useBuffers)
        parameterAverages = model.parameters().map(\.data)
        bufferAverages = model.buffers().map(\.data)
        switch averaging {
        case .exponential(let decay) where !(0...1).contains(decay),
            .warmingExponential(let decay) where !(0...1).contains(decay):
            TensorError.raise(TensorError("AveragedModel", "decay is \(decay). It must be from 0 to 1."))
        case .equal, .exponential, .warmingExponential: break
        }
    }

    /// Takes the present weights into the averages.
    public func updateParameters() {
        let (parameters, buffers) = (model.parameters().map(\.data), model.buffers().map(\.data))
        guard parameters.count == parameterAverages.count, buffers.count == bufferAverages.count else {
            TensorError.raise(
                TensorError(
                    "AveragedModel", "the model has other parameters than when its averages began. Make them anew."))
            return
        }
        noGrad {
            var weights = Weights(fresh: freshWeight)
            parameterAverages = zip(parameterAverages, parameters).map { weights.average($0, $1) }
            bufferAverages =
                useBuffers ? zip(bufferAverages, buffers).map { weights.average($0, $1) } : buffers
        }
        averagedCount += 1
    }

    /// The weight of the new values; 1 in the first update.
    private var freshWeight: Double {
        if averagedCount == 0 { return 1 }
        switch averaging {
        case .equal: return 1 / Double(averagedCount + 1)
        case .exponential(let decay): return 1 - decay
        case .warmingExponential(let decay):
            let updates = Double(averagedCount)
            return 1 - min(decay, (1 + updates) / (10 + updates))
        }
    }

    /// Runs `body` while the model has the averaged weights; it has its own again afterwards.
    ///
    /// Changes that `body` makes, such as running means of batch norms computed anew, go into the averages.
    public func withAveragedWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
        exchangeWeights()
        defer { exchangeWeights() }
        return try body()
    }

    /// Exchanges the model's weights and their averages; a second call puts them back. ``withAveragedWeights(_:)`` does
    /// both.
    public func exchangeWeights() {
        for (index, parameter) in model.parameters().enumerated() {
            (parameter.data, parameterAverages[index]) = (parameterAverages[index], parameter.data)
        }
        for (index, buffer) in model.buffers().enumerated() {
            (buffer.data, bufferAverages[index]) = (bufferAverages[index], buffer.data)
        }
    }

    // MARK: - Saving

    /// The averages by PyTorch's names: `n_averaged`, and the model's own names behind `module.`.
    public func stateDict() -> StateDict {
        let state = withAveragedWeights { model.stateDict() }
        let count = ("n_averaged", Tensor(scalar: averagedCount, dtype: .int64))
        return StateDict([count] + state.keys.compactMap { key in state[key].map { ("module." + key, $0) } })
    }

    /// Takes up averages that were saved.
    ///
    /// Throws `StateDictError` where names or shapes differ from the model's, and `TensorError` where the number of
    /// updates is missing.
    public func load(_ state: StateDict) throws {
        guard let count = state["n_averaged"], count.count == 1 else {
            throw TensorError("AveragedModel", "the state has no number n_averaged. It is not that of an average.")
        }
        let prefix = "module."
        let weights = state.keys.filter { $0 != "n_averaged" }.compactMap { key in
            state[key].map { (key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : key, $0) }
        }
        let number = try count.elements(as: Int.self)[0]
        try withAveragedWeights { _ = try model.load(StateDict(weights), strict: true) }
        averagedCount = number
    }

    /// The weights of an update as tensors that all averages of one type share.
    private struct Weights {
        let fresh: Double
        private var means: [DType: RunningMean] = [:]

        init(fresh: Double) { self.fresh = fresh }

        mutating func average(_ old: Tensor, _ new: Tensor) -> Tensor {
            if fresh == 1 { return new }
            // Counters are averaged as real numbers, and cut toward 0.
            let type = new.dtype.isFloatingPoint ? new.dtype : .float64
            let key = StepKey(step: 0, dtype: type, numbers: [:])
            let mean = means[type] ?? RunningMean(decay: 1 - fresh, StepNumbers(key))
            means[type] = mean
            return mean(old.cast(to: type), new.cast(to: type)).cast(to: new.dtype)
        }
    }
}

/// The exponential moving average of a model's weights: ``AveragedModel`` with
/// `torch.optim.swa_utils.get_ema_multi_avg_fn(decay)`.
public final class ExponentialMovingAverage: AveragedModel {
    /// Averages of the weights of `model`, which are its present ones at first.
    ///
    /// - Parameters:
    ///   - model: whose weights are averaged.
    ///   - decay: how much of the average each update keeps, from 0 to 1; `0.999` by default.
    ///   - useBuffers: whether buffers such as running means are averaged too; `false` by default.
    public init(_ model: Module, decay: Double = 0.999, useBuffers: Bool = false) {
        super.init(model, averaging: .exponential(decay: decay), useBuffers: useBuffers)
    }
}
