import ApusOptim

/// Averages the weights over the updates, and measures and saves the averages instead of the weights themselves.
///
/// The average is that of ``/ApusOptim/AveragedModel`` (`torch.optim.swa_utils`). It stands before the callbacks that
/// save the model.
public final class WeightAveraging: StatefulCallback {
    /// The averages.
    public let average: AveragedModel
    private var isSwapped = false

    /// - Parameter average: of the trainer's model.
    public init(_ average: AveragedModel) { self.average = average }

    public func optimizerDidStep(_ trainer: Trainer) { average.updateParameters() }

    public func evaluationWillBegin(_ trainer: Trainer) { setSwapped(true) }
    public func evaluationDidEnd(_ trainer: Trainer) { setSwapped(false) }

    private func setSwapped(_ wanted: Bool) {
        guard isSwapped != wanted else { return }
        isSwapped = wanted
        average.exchangeWeights()
    }

    public let stateName = "average"
    public func saveState() -> CallbackState { CallbackState(tensors: average.stateDict()) }
    public func restore(_ state: CallbackState) throws { try average.load(state.tensors) }
}
