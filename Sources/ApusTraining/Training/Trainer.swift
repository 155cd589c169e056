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
    ///
    /// On a GPU this waits for the steps that are not computed yet, since the metrics have their losses; within a step,
    /// ``StepReport`` says which it is without waiting.
    public var progress: TrainingProgress {
        get {
            var progress = position
            progress.metrics = steps.metrics
            return progress
        }
        set { (position, steps) = (newValue, OutstandingBatches(behind: newValue.metrics)) }
    }
    /// Whether a callback has asked for the end; see ``stop()``.
    public internal(set) var isStopped = false

    /// How many steps later the trainer looks at the loss of a step: 0 on the CPU, 1 on a GPU, whose work goes on
    /// meanwhile.
    ///
    /// A loss that is NaN is found so much later, after a further update. Nothing is late for who looks at the run as it
    /// is: the end of an epoch, ``progress`` and ``TrainingState`` wait for all losses.
    public var lossDelay: Int { reading.delay(model.device) }

    /// The progress without waiting: its metrics are those of ``steps``.
    private(set) var position = TrainingProgress()
    /// A step whose loss was not looked at, as the run was behind it.
    private struct Step {
        let position: TrainingProgress
        let images: Tensor
        let labels: Tensor
    }
    private var steps = OutstandingBatches<Step>()
    /// How losses are read.
    var reading = BatchReading()
    /// The callbacks of the epoch that is running.
    private var runningCallbacks: [any TrainerCallback] = []

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
        runningCallbacks = callbacks
        defer { runningCallbacks = [] }
        let clock = ContinuousClock()
        let start = clock.now.advanced(by: .seconds(-position.seconds))
        try withTensorErrors {
            let device = model.device
            for (images, labels) in loader.moved(to: device) {
                for callback in callbacks { try callback.stepWillBegin(self) }
                let numbers = try train(images, labels, of: loader.batchCount, callbacks)
                position.step += 1
                position.seconds = start.duration(to: clock.now).seconds
                let outcome = steps.append(
                    numbers, count: labels.shape[0], Step(position: position, images: images, labels: labels))
                try lookAtSteps(leaving: lossDelay)
                let report = StepReport(position, outcome)
                for callback in callbacks { try callback.stepDidEnd(report, self) }
            }
            try finishSteps()
            try loader.check()
        }
        position.seconds = start.duration(to: clock.now).seconds
        guard progress.metrics.sampleCount > 0 else { throw TrainingError.noBatches }
    }

    /// Waits for the losses of all steps so far, so that what is saved next is the state behind the last of them.
    ///
    /// - Throws: `TrainingError.lossIsNaN` where one of them is NaN, once the callbacks were told, `TensorError` where one
    ///   could not be computed, and what the callbacks throw.
    public func finishSteps() throws { try lookAtSteps(leaving: 0) }

    /// Looks at the losses of all steps but the last `count`, in their order.
    private func lookAtSteps(leaving count: Int) throws {
        while let (outcome, step) = steps.removeOldest(leaving: count) {
            let loss = Result { try outcome.meanLoss() }
            if case .success(let number) = loss, !number.isNaN { continue }
            // The steps behind it have nothing to tell.
            progress = step.position
            progress.metrics = outcome.metricsBefore
            _ = try loss.get()
            for callback in runningCallbacks { try callback.lossIsNaN(step.images, step.labels, self) }
            throw TrainingError.lossIsNaN(epoch: step.position.epoch, step: step.position.step)
        }
    }

    /// One step. The numbers that it gives are recorded before the optimizer's step, which computes everything pending as
    /// one plan: reading then only copies them.
    private func train(
        _ images: Tensor, _ labels: Tensor, of batchCount: Int, _ callbacks: [any TrainerCallback]
    ) throws -> any BatchNumbers {
        let (logits, loss) = autocast(precision) { forward(images, labels) }
        let correct = Accuracy.correctCount(logits, labels)
        let place = position.step % accumulationSteps
        if place == 0 { optimizer.zeroGrad() }
        // The last group of an epoch may be smaller.
        let groupSize = min(accumulationSteps, batchCount - (position.step - place))
        scaler.scale(groupSize > 1 ? loss / Double(groupSize) : loss).backward()
        if place == groupSize - 1 {
            scaler.unscale(optimizer)
            for callback in callbacks { try callback.gradientsAreReady(self) }
            scaler.step(optimizer)
            scaler.update()
            position.updateCount += 1
            for callback in callbacks { try callback.optimizerDidStep(self) }
        } else {
            // Computed now, so that no more than one batch's activations are held.
            try Tensor.evaluate([loss, correct] + optimizer.parameters.compactMap(\.grad))
        }
        return try reading.read([loss, correct])
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
