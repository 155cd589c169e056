/// Ends the run once the test accuracy has not risen for some epochs.
///
/// `tf.keras.callbacks.EarlyStopping(monitor="val_accuracy")`: the first epoch sets the mark, and equal is not better.
public final class EarlyStopping: TrainerCallback {
    /// How many epochs in a row may pass without a better accuracy.
    public let patience: Int
    /// The best test accuracy so far; nil before the first epoch.
    public private(set) var bestAccuracy: Double?
    /// How many epochs have passed since it.
    public private(set) var staleEpochs = 0

    /// - Parameter patience: how many epochs in a row may pass without a better accuracy, at least 1.
    public init(patience: Int) {
        precondition(patience >= 1, "EarlyStopping: a patience of \(patience); at least 1 is needed")
        self.patience = patience
    }

    /// Begins anew where the trainer's earlier epochs leave it, so that a resumed run stops where it would have.
    public func trainingWillBegin(_ trainer: Trainer) {
        (bestAccuracy, staleEpochs) = (nil, 0)
        for record in trainer.progress.records { take(record, trainer) }
    }

    public func epochDidEnd(_ record: EpochRecord, _ trainer: Trainer) { take(record, trainer) }

    private func take(_ record: EpochRecord, _ trainer: Trainer) {
        if let bestAccuracy, record.test.accuracy <= bestAccuracy {
            staleEpochs += 1
        } else {
            (bestAccuracy, staleEpochs) = (record.test.accuracy, 0)
        }
        if staleEpochs >= patience { trainer.stop() }
    }
}
