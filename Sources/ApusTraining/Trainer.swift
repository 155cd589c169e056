import ApusData
import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim

/// The loop that trains a classifier: forward, loss, backward, step, and an evaluation after each epoch.
///
/// ```swift
/// let trainer = Trainer(model: net, optimizer: Adam(net.parameters(), lr: 0.001))
/// for epoch in 1...5 {
///     let training = try trainer.trainEpoch(trainLoader, epoch: epoch)
///     let test = try trainer.evaluate(testLoader, epoch: epoch)
///     print(epoch, training.loss, training.accuracy, test.accuracy)
/// }
/// ```
/// Shape errors in the model, unreadable data and a loss that is not a number are thrown; nothing ends the program.
public final class Trainer {
    /// What a step tells its observer.
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

    /// The model; called with images [N, C, H, W], it gives logits [N, classes].
    public let model: Module
    /// The optimizer of the model's parameters.
    public let optimizer: Optimizer
    private let lossFunction: (Tensor, Tensor) -> Tensor

    /// Creates a trainer; `lossFunction` takes logits [N, classes] and labels [N] and gives the mean loss, a scalar.
    public init(
        model: Module, optimizer: Optimizer,
        lossFunction: @escaping (Tensor, Tensor) -> Tensor = { crossEntropy($0, $1) }
    ) {
        self.model = model
        self.optimizer = optimizer
        self.lossFunction = lossFunction
    }

    /// Trains on each batch of the loader once.
    ///
    /// - Parameters:
    ///   - loader: the batches.
    ///   - epoch: the number of the epoch, from 1, for reports and errors.
    ///   - onStep: called after each step; what it throws ends the epoch.
    /// - Returns: the metrics over the epoch as it ran: each batch as the model was before it learned from that batch.
    /// - Throws: `TrainingError` (`lossIsNaN`, `noBatches`), `TensorError` where data and model do not fit, and the
    ///   errors of the loader.
    public func trainEpoch(
        _ loader: DataLoader, epoch: Int, onStep: (StepReport) throws -> Void = { _ in }
    ) throws -> ClassificationMetrics {
        model.train()
        var metrics = ClassificationMetrics()
        try withTensorErrors {
            var step = 0
            for (images, labels) in loader {
                step += 1
                let (loss, correct) = train(images, labels)
                guard !loss.isNaN else { throw TrainingError.lossIsNaN(epoch: epoch, step: step) }
                metrics.add(meanLoss: loss, correctCount: correct, count: labels.count)
                try onStep(StepReport(epoch: epoch, step: step, loss: loss, metrics: metrics))
            }
            try loader.check()
        }
        guard metrics.sampleCount > 0 else { throw TrainingError.noBatches }
        return metrics
    }

    /// One step. What is read afterwards is recorded before the optimizer's step, which computes everything pending as
    /// one plan: reading then only copies numbers.
    private func train(_ images: Tensor, _ labels: Tensor) -> (loss: Double, correctCount: Int) {
        let logits = model(images)
        let loss = lossFunction(logits, labels)
        let correct = Accuracy.correctCount(logits, labels)
        optimizer.zeroGrad()
        loss.backward()
        optimizer.step()
        return (loss.item(), correct.item(as: Int.self))
    }

    /// Measures the model in evaluation mode, without gradients, on each batch of the loader; the loader must keep its
    /// last, smaller batch. The model is in training mode afterwards if it was before.
    ///
    /// - Throws: `TrainingError` (`evaluationLossIsNaN`, `noBatches`), `TensorError` where data and model do not fit,
    ///   and the errors of the loader.
    public func evaluate(_ loader: DataLoader, epoch: Int) throws -> ClassificationMetrics {
        let wasTraining = model.isTraining
        model.eval()
        defer { if wasTraining { model.train() } }
        var metrics = ClassificationMetrics()
        try withTensorErrors {
            try noGrad {
                for (images, labels) in loader {
                    let logits = model(images)
                    let loss = lossFunction(logits, labels)
                    let correct = Accuracy.correctCount(logits, labels)
                    try Tensor.evaluate([loss, correct])
                    metrics.add(meanLoss: loss.item(), correctCount: correct.item(as: Int.self), count: labels.count)
                }
            }
            try loader.check()
        }
        guard metrics.sampleCount > 0 else { throw TrainingError.noBatches }
        guard !metrics.loss.isNaN else { throw TrainingError.evaluationLossIsNaN(epoch: epoch) }
        return metrics
    }
}
