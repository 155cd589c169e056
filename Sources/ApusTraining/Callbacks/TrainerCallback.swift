import ApusGraph

/// What takes part in a training run: it is told of each step and epoch, in the order in which the callbacks stand.
///
/// All methods have a default that does nothing. What they throw ends the run.
///
/// ```swift
/// final class PrintEveryHundred: TrainerCallback {
///     func stepDidEnd(_ report: Trainer.StepReport, _ trainer: Trainer) {
///         if report.step % 100 == 0 { print(report.epoch, report.step, report.loss) }
///     }
/// }
/// ```
/// What is called in each step should not read tensors, nor ``Trainer/progress``, in each: a GPU works while the host
/// records the next steps, and is waited for then.
public protocol TrainerCallback: AnyObject {
    /// Before the first epoch of a call of ``Trainer/fit(_:epochs:callbacks:onEpoch:)``.
    func trainingWillBegin(_ trainer: Trainer) throws

    /// Before a batch goes through the model.
    func stepWillBegin(_ trainer: Trainer) throws

    /// Once the gradients of an update are recorded, before the optimizer's step: the place to change them.
    func gradientsAreReady(_ trainer: Trainer) throws

    /// Behind the optimizer's step; also where the trainer's scaler left it out.
    func optimizerDidStep(_ trainer: Trainer) throws

    /// When the loss of a batch is NaN; the run ends behind it. The trainer's progress is that of this batch.
    ///
    /// On the CPU it comes instead of ``stepDidEnd(_:_:)``; on a GPU up to ``Trainer/lossDelay`` steps have been made, and
    /// reported, since.
    func lossIsNaN(_ images: Tensor, _ labels: Tensor, _ trainer: Trainer) throws

    /// Behind each batch; its report tells the loss to who asks for it.
    func stepDidEnd(_ report: Trainer.StepReport, _ trainer: Trainer) throws

    /// Before the model is measured after an epoch.
    func evaluationWillBegin(_ trainer: Trainer) throws

    /// Behind each batch of the test data, with its logits [N, classes] and labels [N].
    func testBatchWasMeasured(_ logits: Tensor, _ labels: Tensor, _ trainer: Trainer) throws

    /// Once the model was measured; it still has the weights that were measured.
    func epochWasEvaluated(_ record: EpochRecord, _ trainer: Trainer) throws

    /// Behind the evaluation, also where it failed.
    func evaluationDidEnd(_ trainer: Trainer)

    /// At the end of an epoch; the model has the weights again that it is trained on with.
    func epochDidEnd(_ record: EpochRecord, _ trainer: Trainer) throws
}

extension TrainerCallback {
    public func trainingWillBegin(_ trainer: Trainer) throws {}
    public func stepWillBegin(_ trainer: Trainer) throws {}
    public func gradientsAreReady(_ trainer: Trainer) throws {}
    public func optimizerDidStep(_ trainer: Trainer) throws {}
    public func lossIsNaN(_ images: Tensor, _ labels: Tensor, _ trainer: Trainer) throws {}
    public func stepDidEnd(_ report: Trainer.StepReport, _ trainer: Trainer) throws {}
    public func evaluationWillBegin(_ trainer: Trainer) throws {}
    public func testBatchWasMeasured(_ logits: Tensor, _ labels: Tensor, _ trainer: Trainer) throws {}
    public func epochWasEvaluated(_ record: EpochRecord, _ trainer: Trainer) throws {}
    public func evaluationDidEnd(_ trainer: Trainer) {}
    public func epochDidEnd(_ record: EpochRecord, _ trainer: Trainer) throws {}
}
