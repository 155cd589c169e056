import ApusData
import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import ApusOptim

/// The loop that trains a classifier: forward, loss, backward, step, and an evaluation after each epoch.
///
/// ```swift
/// let trainer = Trainer(model: net, optimizer: Adam(net.parameters(), lr: 0.001))
/// try trainer.fit(.init(training: trainLoader, test: testLoader), epochs: 5) { record in
///     print(record.epoch, record.training.loss, record.training.accuracy, record.test.accuracy)
/// }
/// ```
/// It does what a loop by hand does (`Examples/LeNetFashionMNIST` has one); callbacks add to it: see
/// ``TrainerCallback``. Shape errors in the model, unreadable data and a loss that is not a number are thrown; nothing
/// ends the program.
public final class Trainer {
    /// What a step tells the callbacks.
    public struct StepReport: Sendable {
        /// The epoch, counted from 1.
        public let epoch: Int
        /// The step within the epoch, counted from 1.
        public let step: Int
        /// The mean loss of the batch before the step's update.
        public let loss: Double
        /// The metrics of the epoch so far.
        public let metrics: ClassificationMetrics
    }

    /// The model; called with images [N, C, H, W], it gives logits [N, classes]. The losses of an
    /// ``/ApusModels/AuxiliaryClassifier``'s further logits are added in training.
    public let model: Module
    /// The optimizer of the model's parameters.
    public let optimizer: Optimizer
    /// How many batches make one update: their gradients are added and divided by this number (gradient accumulation).
    public let accumulationSteps: Int
    /// What the training steps' convolutions and matrix products keep of their factors.
    public let precision: Precision
    /// What scales the loss of `.float16`, and leaves updates out whose gradients overflowed; not enabled for others.
    public let scaler: GradScaler
    /// How far the run is; set it, with the loader's position and the states of model and optimizer, to go on.
    public var progress = TrainingProgress()
    /// Whether a callback has asked for the end; see ``stop()``.
    public internal(set) var isStopped = false

    private let lossFunction: (Tensor, Tensor) -> Tensor
    private let evaluator: Evaluator

    /// Creates a trainer.
    ///
    /// - Parameters:
    ///   - model: what is trained.
    ///   - optimizer: how its parameters are updated.
    ///   - accumulationSteps: how many batches make one update, at least 1; `1` by default. At the end of an epoch fewer
    ///     batches may be left, which make one update too.
    ///   - averagesMirrorImages: whether evaluations average the logits of an image with those of its mirror image;
    ///     `false` by default.
    ///   - precision: what the training steps' convolutions and matrix products keep of their factors (see
    ///     ``/ApusGraph/autocast(_:_:)``); `.full` by default. Evaluations take all. With `.float16` the loss is scaled,
    ///     see ``scaler``.
    ///   - lossFunction: takes logits [N, classes] and labels, [N] or probabilities [N, classes], and gives the mean
    ///     loss, a scalar; cross entropy by default.
    ///   - evaluationLoss: the same for evaluations; the plain cross entropy by default, so that runs with different
    ///     losses can be compared.
    public init(
        model: Module, optimizer: Optimizer, accumulationSteps: Int = 1, averagesMirrorImages: Bool = false,
        precision: Precision = .full,
        lossFunction: @escaping (Tensor, Tensor) -> Tensor = { crossEntropy($0, $1) },
        evaluationLoss: @escaping (Tensor, Tensor) -> Tensor = { crossEntropy($0, $1) }
    ) {
        precondition(accumulationSteps >= 1, "Trainer: \(accumulationSteps) accumulation steps; at least 1 is needed")
        (self.model, self.optimizer, self.accumulationSteps) = (model, optimizer, accumulationSteps)
        (self.lossFunction, self.precision) = (lossFunction, precision)
        scaler = GradScaler(isEnabled: precision == .float16)
        evaluator = Evaluator(model, averagesMirrorImages: averagesMirrorImages, lossFunction: evaluationLoss)
    }

    /// Trains on each batch of the loader once, or on those that are left where ``progress`` is within an epoch.
    ///
    /// - Parameters:
    ///   - loader: the batches.
    ///   - callbacks: told of each step.
    /// - Returns: the metrics over the epoch as it ran: each batch as the model was before it learned from that batch.
    /// - Throws: `TrainingError` (`lossIsNaN`, `noBatches`), `TensorError` where data and model do not fit, the errors
    ///   of the loader and of the callbacks.
    @discardableResult
    public func trainEpoch(
        _ loader: DataLoader, callbacks: [any TrainerCallback] = []
    ) throws -> ClassificationMetrics {
        try trainSteps(loader, callbacks)
        defer { progress.endEpoch() }
        return progress.metrics
    }

    /// Trains on what is left of an epoch; ``progress`` then holds its metrics.
    func trainSteps(_ loader: DataLoader, _ callbacks: [any TrainerCallback]) throws {
        model.train()
        let clock = ContinuousClock()
        let start = clock.now.advanced(by: .seconds(-progress.seconds))
        try withTensorErrors {
            let device = model.device
            for (images, labels) in loader.moved(to: device) {
                for callback in callbacks { try callback.stepWillBegin(self) }
                let (loss, correct) = try train(images, labels, of: loader.batchCount, callbacks)
                progress.step += 1
                progress.seconds = start.duration(to: clock.now).seconds
                guard !loss.isNaN else {
                    for callback in callbacks { try callback.lossIsNaN(images, labels, self) }
                    throw TrainingError.lossIsNaN(epoch: progress.epoch, step: progress.step)
                }
                progress.metrics.add(meanLoss: loss, correctCount: correct, count: labels.shape[0])
                let report = StepReport(
                    epoch: progress.epoch, step: progress.step, loss: loss, metrics: progress.metrics)
                for callback in callbacks { try callback.stepDidEnd(report, self) }
            }
            try loader.check()
        }
        progress.seconds = start.duration(to: clock.now).seconds
        guard progress.metrics.sampleCount > 0 else { throw TrainingError.noBatches }
    }

    /// One step. What is read afterwards is recorded before the optimizer's step, which computes everything pending as
    /// one plan: reading then only copies numbers.
    private func train(
        _ images: Tensor, _ labels: Tensor, of batchCount: Int, _ callbacks: [any TrainerCallback]
    ) throws -> (loss: Double, correctCount: Int) {
        let (logits, loss) = autocast(precision) { forward(images, labels) }
        let correct = Accuracy.correctCount(logits, labels)
        let place = progress.step % accumulationSteps
        if place == 0 { optimizer.zeroGrad() }
        // The last group of an epoch may be smaller.
        let groupSize = min(accumulationSteps, batchCount - (progress.step - place))
        scaler.scale(groupSize > 1 ? loss / Double(groupSize) : loss).backward()
        if place == groupSize - 1 {
            scaler.unscale(optimizer)
            for callback in callbacks { try callback.gradientsAreReady(self) }
            scaler.step(optimizer)
            scaler.update()
            progress.updateCount += 1
            for callback in callbacks { try callback.optimizerDidStep(self) }
        } else {
            // Computed now, so that no more than one batch's activations are held.
            try Tensor.evaluate([loss, correct] + optimizer.parameters.compactMap(\.grad))
        }
        return (loss.item(), correct.item(as: Int.self))
    }

    private func forward(_ images: Tensor, _ labels: Tensor) -> (logits: Tensor, loss: Tensor) {
        guard let classifier = model as? any AuxiliaryClassifier else {
            let logits = model(images)
            return (logits, lossFunction(logits, labels))
        }
        let (logits, auxiliaries) = classifier.logitsWithAuxiliaries(images)
        let loss = auxiliaries.reduce(lossFunction(logits, labels)) { loss, auxiliary in
            loss + lossFunction(auxiliary, labels) * classifier.auxiliaryWeight
        }
        return (logits, loss)
    }

    /// Measures the model in evaluation mode, without gradients, on each batch of the loader; the loader must keep its
    /// last, smaller batch. The model is in training mode afterwards if it was before.
    ///
    /// - Parameters:
    ///   - loader: the samples.
    ///   - onBatch: called with the logits [N, classes] and the labels of each batch.
    /// - Throws: `TrainingError` (`evaluationLossIsNaN`, `noBatches`), `TensorError` where data and model do not fit,
    ///   and the errors of the loader and of `onBatch`.
    public func evaluate(
        _ loader: DataLoader, onBatch: (_ logits: Tensor, _ labels: Tensor) throws -> Void = { _, _ in }
    ) throws -> ClassificationMetrics {
        let metrics = try evaluator.evaluate(loader, onBatch: onBatch)
        guard !metrics.loss.isNaN else { throw TrainingError.evaluationLossIsNaN(epoch: progress.epoch) }
        return metrics
    }
}
