/// Does something with the model whenever an epoch has the best test accuracy so far: saves it, as a rule.
///
/// ```swift
/// BestEpoch { _ in try ModelCheckpoint.save(net, description, to: "best.safetensors") }
/// ```
/// Of equal epochs the first counts. The model has the weights that were measured: the averaged ones with
/// ``WeightAveraging`` before this callback.
public final class BestEpoch: TrainerCallback {
    /// The best epoch so far; nil before the first.
    public private(set) var record: EpochRecord?
    private let action: (EpochRecord) throws -> Void

    /// - Parameter action: called with each epoch that is better than all before it.
    public init(_ action: @escaping (EpochRecord) throws -> Void) { self.action = action }

    /// Takes the best of the trainer's earlier epochs as the mark.
    public func trainingWillBegin(_ trainer: Trainer) {
        record = nil
        for earlier in trainer.progress.records where isBetter(earlier) { record = earlier }
    }

    public func epochWasEvaluated(_ record: EpochRecord, _ trainer: Trainer) throws {
        guard isBetter(record) else { return }
        try action(record)
        self.record = record
    }

    private func isBetter(_ other: EpochRecord) -> Bool {
        guard let record else { return true }
        return other.test.accuracy > record.test.accuracy
    }
}
