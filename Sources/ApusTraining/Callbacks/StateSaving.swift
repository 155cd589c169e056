import ApusData

/// Saves the state of a run to a folder: behind each epoch, and within epochs whenever some time has passed.
///
/// It stands last among the callbacks, so that what it saves is what all others have made of the epoch.
public final class StateSaving: TrainerCallback {
    private let folder: TrainingStateFolder
    private let loader: DataLoader
    private let callbacks: [any TrainerCallback]
    private let settings: [String: String]
    private let interval: Duration
    private var last = ContinuousClock.now

    /// - Parameters:
    ///   - folder: where the states go.
    ///   - loader: the training data of the run.
    ///   - callbacks: the other callbacks of the run.
    ///   - settings: what the run was started with.
    ///   - interval: how much time may pass within an epoch before the state is saved again; zero saves behind each
    ///     update.
    public init(
        to folder: TrainingStateFolder, loader: DataLoader, callbacks: [any TrainerCallback],
        settings: [String: String] = [:], interval: Duration
    ) {
        (self.folder, self.loader, self.callbacks) = (folder, loader, callbacks)
        (self.settings, self.interval) = (settings, interval)
    }

    public func stepDidEnd(_ report: Trainer.StepReport, _ trainer: Trainer) throws {
        if last.duration(to: .now) >= interval { try saveWithinEpoch(trainer) }
    }

    public func epochDidEnd(_ record: EpochRecord, _ trainer: Trainer) throws { try save(trainer) }

    /// Saves the state now, if the run can go on from here: gradients that wait for further batches are not saved, and
    /// behind the last batch the epoch's end is near.
    ///
    /// - Throws: as ``TrainingStateFolder/save(_:)``.
    public func saveWithinEpoch(_ trainer: Trainer) throws {
        guard trainer.progress.step % trainer.accumulationSteps == 0, loader.position.batch < loader.batchCount,
            loader.position.batch > 0
        else { return }
        try save(trainer)
    }

    private func save(_ trainer: Trainer) throws {
        try folder.save(TrainingState(of: trainer, loader, callbacks, settings: settings))
        last = .now
    }
}
