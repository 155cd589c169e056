import ApusData
import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim

/// All that a training run needs to go on bit for bit: weights, optimizer, scaler, callbacks, random numbers, and where it
/// is.
///
/// ```swift
/// try TrainingStateFolder("run/state").save(TrainingState(of: trainer, loader, callbacks))
/// …
/// if let saved = try TrainingStateFolder("run/state").newest() {
///     try saved.state.restore(to: trainer, loader, callbacks)
/// }
/// ```
/// The run that takes it up is made with the same settings, the same data and as many threads.
public struct TrainingState: Sendable {
    /// The weights that the model is trained on with, and its buffers.
    public var model: StateDict
    /// What the optimizer keeps.
    public var optimizer: OptimizerStateDict
    /// What the trainer's scaler keeps; nil where it is not enabled, and in states of versions that had none.
    public var scaler: GradScalerState?
    /// What the callbacks remember, by ``StatefulCallback/stateName``.
    public var callbacks: [String: CallbackState]
    /// How far the run is.
    public var progress: TrainingProgress
    /// Where the shared generator stands.
    public var random: Generator.State
    /// Where the training loader stands.
    public var loader: DataLoader.Position
    /// What the run was started with, by the name of each setting, for whoever takes it up to compare.
    public var settings: [String: String]
    /// The kernels that were chosen by measuring (`APUS_TUNE=1`), so that a run that goes on has the same ones.
    public var kernelChoices: [String: String] = [:]

    /// The state of a run between two updates.
    ///
    /// - Parameters:
    ///   - trainer: the run.
    ///   - loader: its training data.
    ///   - callbacks: those of the run; what is no ``StatefulCallback`` has no state.
    ///   - settings: what the run was started with.
    /// - Throws: what the callbacks throw, and where the loss of a step so far is NaN or could not be computed, the same
    ///   as ``Trainer/finishSteps()``.
    public init(
        of trainer: Trainer, _ loader: DataLoader, _ callbacks: [any TrainerCallback],
        settings: [String: String] = [:]
    ) throws {
        try trainer.finishSteps()
        model = trainer.model.stateDict()
        optimizer = trainer.optimizer.stateDict()
        scaler = trainer.scaler.stateDict()
        self.callbacks = [:]
        for callback in callbacks.compactMap({ $0 as? any StatefulCallback }) {
            precondition(
                self.callbacks[callback.stateName] == nil, "TrainingState: two callbacks \(callback.stateName)")
            self.callbacks[callback.stateName] = try callback.saveState()
        }
        (progress, random, self.loader) = (trainer.progress, Generator.shared.state, loader.position)
        self.settings = settings
        kernelChoices = Engine.shared.kernelChoices
    }

    init(
        model: StateDict, optimizer: OptimizerStateDict, scaler: GradScalerState?, callbacks: [String: CallbackState],
        progress: TrainingProgress, random: Generator.State, loader: DataLoader.Position, settings: [String: String],
        kernelChoices: [String: String]
    ) {
        (self.model, self.optimizer, self.callbacks, self.progress) = (model, optimizer, callbacks, progress)
        self.scaler = scaler
        (self.random, self.loader, self.settings) = (random, loader, settings)
        self.kernelChoices = kernelChoices
    }

    /// Puts a run where this one was saved.
    ///
    /// - Throws: `StateDictError` and `TensorError` where model or optimizer are others, and `TrainingStateMismatch`
    ///   where the callbacks are.
    public func restore(
        to trainer: Trainer, _ loader: DataLoader, _ callbacks: [any TrainerCallback]
    ) throws {
        let stateful = callbacks.compactMap { $0 as? any StatefulCallback }
        let names = Set(stateful.map(\.stateName))
        guard names == Set(self.callbacks.keys) else {
            throw TrainingStateMismatch(saved: self.callbacks.keys.sorted(), present: names.sorted())
        }
        Engine.shared.restore(kernelChoices: kernelChoices)
        try trainer.model.load(model)
        try trainer.optimizer.load(optimizer)
        if let scaler { trainer.scaler.load(scaler) }
        for callback in stateful {
            if let state = self.callbacks[callback.stateName] { try callback.restore(state) }
        }
        trainer.progress = progress
        Generator.shared.state = random
        loader.position = self.loader
    }
}

/// A run that was saved with other callbacks than the one that is to go on.
public struct TrainingStateMismatch: Error, Sendable, Hashable, CustomStringConvertible {
    /// The states that were saved.
    public let saved: [String]
    /// Those of the run that is to go on.
    public let present: [String]

    public var description: String {
        func text(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
        return "the run was saved with the states of other callbacks (\(text(saved))) than this one has "
            + "(\(text(present))). Go on with the settings that it was started with."
    }
}
