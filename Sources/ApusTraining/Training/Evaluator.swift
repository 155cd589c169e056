import ApusData
import ApusEngine
import ApusGraph
import ApusNN

/// Measures a classifier on all samples of a loader, in evaluation mode and without gradients.
///
/// ```swift
/// let metrics = try Evaluator(net).evaluate(DataLoader(test, batchSize: 256))
/// print(metrics.loss, metrics.accuracy)
/// ```
public struct Evaluator {
    /// The model; called with images [N, C, H, W], it gives logits [N, classes].
    public let model: Module
    /// Whether the logits of an image are averaged with those of its mirror image.
    public let averagesMirrorImages: Bool
    private let lossFunction: (Tensor, Tensor) -> Tensor
    /// How the numbers of batches are read.
    var reading = BatchReading()

    /// Creates an evaluator.
    ///
    /// - Parameters:
    ///   - model: what is measured.
    ///   - averagesMirrorImages: whether the logits of an image are averaged with those of its mirror image, which takes
    ///     twice as long; `false` by default.
    ///   - lossFunction: takes logits [N, classes] and labels [N] and gives the mean loss, a scalar; cross entropy
    ///     unless given.
    public init(
        _ model: Module, averagesMirrorImages: Bool = false,
        lossFunction: @escaping (Tensor, Tensor) -> Tensor = { crossEntropy($0, $1) }
    ) {
        (self.model, self.averagesMirrorImages, self.lossFunction) = (model, averagesMirrorImages, lossFunction)
    }

    /// Measures the model on each batch of the loader; the loader must keep its last, smaller batch. The model is in
    /// training mode afterwards if it was before.
    ///
    /// - Parameters:
    ///   - loader: the samples.
    ///   - onBatch: called with the logits [N, classes] and the labels of each batch, to measure more, as a
    ///     ``ConfusionMatrix``; what it throws ends the evaluation.
    /// - Throws: `TrainingError` (`noBatches`), `TensorError` where data and model do not fit, and the errors of the
    ///   loader.
    public func evaluate(
        _ loader: DataLoader, onBatch: (_ logits: Tensor, _ labels: Tensor) throws -> Void = { _, _ in }
    ) throws -> ClassificationMetrics {
        let wasTraining = model.isTraining
        model.eval()
        defer { if wasTraining { model.train() } }
        var batches = OutstandingBatches<Void>()
        try withTensorErrors {
            try noGrad {
                let device = model.device
                for (images, labels) in loader.moved(to: device) {
                    let logits = self.logits(images)
                    let loss = lossFunction(logits, labels)
                    let correct = Accuracy.correctCount(logits, labels)
                    _ = batches.append(try reading.read([loss, correct]), count: labels.shape[0], ())
                    try batches.check(leaving: reading.delay(device))
                    try onBatch(logits, labels)
                }
            }
            try batches.check(leaving: 0)
            try loader.check()
        }
        let metrics = batches.metrics
        guard metrics.sampleCount > 0 else { throw TrainingError.noBatches }
        return metrics
    }

    private func logits(_ images: Tensor) -> Tensor {
        averagesMirrorImages ? (model(images) + model(images.flip(3))) / 2 : model(images)
    }
}
