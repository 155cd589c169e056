import ApusTraining

/// Writes the model after each epoch, with the weights that were measured.
final class ModelSaving: TrainerCallback {
    private let save: () throws -> Void

    init(_ save: @escaping () throws -> Void) { self.save = save }

    func epochWasEvaluated(_ record: EpochRecord, _ trainer: Trainer) throws { try save() }
}

/// Writes `history.csv` after each epoch.
final class HistoryWriting: TrainerCallback {
    private let path: String

    init(to path: String) { self.path = path }

    func epochDidEnd(_ record: EpochRecord, _ trainer: Trainer) throws {
        try History(trainer.progress.records).write(to: path)
    }
}

/// Ends the run behind the step in which Ctrl-C was pressed; the state is saved first.
final class InterruptionCheck: TrainerCallback {
    private let saving: StateSaving

    init(_ saving: StateSaving) { self.saving = saving }

    func stepDidEnd(_ report: Trainer.StepReport, _ trainer: Trainer) throws {
        do {
            try Interruption.check()
        } catch {
            try saving.saveWithinEpoch(trainer)
            throw error
        }
    }

    func epochDidEnd(_ record: EpochRecord, _ trainer: Trainer) throws { try Interruption.check() }
}
