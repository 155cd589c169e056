import ApusGraph
import ApusNN
import ApusTensorBoard
import ApusTraining

/// Writes the run's log for TensorBoard: the settings and the graph at its beginning, losses and learning rates of
/// updates, losses, accuracies and the distribution of each weight of epochs.
final class TensorBoardLog: TrainerCallback {
    /// How the names of TensorBoard's files begin.
    static let filePrefix = "events.out.tfevents."

    private let folder: String
    private let settings: [String: String]
    private let input: [Int]
    private let epochs: Int
    /// The file; nil before the run, and where nothing is left to train.
    private var writer: SummaryWriter?

    /// Each update would be a write to the disk, and TensorBoard shows a thousand points of a curve.
    private static let updatesBetweenPoints = 50

    /// A log in the folder of a run of so many epochs, with images of the size `input`, [C, H, W].
    init(folder: String, settings: [String: String], input: [Int], epochs: Int) {
        (self.folder, self.settings, self.input, self.epochs) = (folder, settings, input, epochs)
    }

    func trainingWillBegin(_ trainer: Trainer) throws {
        guard trainer.progress.epoch <= epochs else { return }
        let writer = try SummaryWriter(folder: folder)
        self.writer = writer
        // A run that goes on has written them already.
        guard trainer.progress.updateCount == 0 else { return }
        let rows = settings.sorted { $0.key < $1.key }.map { "| \($0.key) | \($0.value) |" }
        try writer.addText("settings", (["| setting | value |", "|---|---|"] + rows).joined(separator: "\n"), step: 0)
        try writer.addGraph(trainer.model, input: Shape(input))
    }

    func stepDidEnd(_ report: Trainer.StepReport, _ trainer: Trainer) throws {
        let updates = report.updateCount
        guard updates % Self.updatesBetweenPoints == 0, let writer else { return }
        try writer.addScalar("update/loss", report.loss, step: updates)
        try writer.addScalar("update/lr", trainer.optimizer.lr, step: updates)
    }

    func epochWasEvaluated(_ record: EpochRecord, _ trainer: Trainer) throws {
        guard let writer else { return }
        for (tag, value) in [
            ("loss/train", record.training.loss), ("loss/test", record.test.loss),
            ("accuracy/train", record.training.accuracy), ("accuracy/test", record.test.accuracy),
            ("speed/images_per_second", record.imagesPerSecond),
        ] { try writer.addScalar(tag, value, step: record.epoch) }
        for (name, parameter) in trainer.model.namedParameters() {
            try writer.addHistogram("weights/\(name)", parameter.data, step: record.epoch)
        }
    }

    /// Adds the pictures of the run's end, and closes the log.
    func end(_ pictures: [RunPictures.Picture], epoch: Int) throws {
        guard let writer else { return }
        for picture in pictures { try writer.addImage(picture.name, picture.image, step: epoch) }
        try writer.close()
    }
}
