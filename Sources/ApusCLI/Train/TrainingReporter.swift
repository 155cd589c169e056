import ApusTraining

/// Tells of a training run: the bar and the table on standard error, and JSON lines on standard output where asked for.
final class TrainingReporter: TrainerCallback {
    private let printsJSON: Bool
    private var bar: ProgressBar?
    private var hasHeading = false

    init(epochs: Int, stepsPerEpoch: Int, printsJSON: Bool) {
        self.printsJSON = printsJSON
        // A file or a pipe gets the table only.
        bar = StandardStreams.errorColumns.map {
            ProgressBar(epochs: epochs, stepsPerEpoch: stepsPerEpoch, columns: $0)
        }
    }

    func stepDidEnd(_ report: Trainer.StepReport, _ trainer: Trainer) { bar?.update(report) }

    func epochDidEnd(_ record: EpochRecord, _ trainer: Trainer) {
        clear()
        if !hasHeading { StandardStreams.error(EpochTable.heading) }
        hasHeading = true
        StandardStreams.error(EpochTable.line(record))
        guard printsJSON else { return }
        let line = JSONLine([
            "event": .string("epoch"), "epoch": .integer(record.epoch), "train_loss": .number(record.training.loss),
            "train_accuracy": .number(record.training.accuracy), "test_loss": .number(record.test.loss),
            "test_accuracy": .number(record.test.accuracy), "train_seconds": .number(record.trainSeconds),
            "seconds": .number(record.seconds), "images_per_second": .number(record.imagesPerSecond),
        ])
        StandardStreams.output(line.text)
    }

    /// Tells of the end.
    func reportEnd(testAccuracy: Double?, checkpoint: String) {
        StandardStreams.error("wrote \(checkpoint)")
        guard printsJSON else { return }
        let line = JSONLine([
            "event": .string("done"), "test_accuracy": testAccuracy.map { .number($0) } ?? .null,
            "checkpoint": .string(checkpoint),
        ])
        StandardStreams.output(line.text)
    }

    /// Leaves the terminal's last line empty.
    func clear() { bar?.clear() }
}
