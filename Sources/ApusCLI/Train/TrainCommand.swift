import ApusData
import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import ApusTraining
import ArgumentParser
import Foundation

/// `apus train`: trains a model and writes its checkpoint.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Trains a model and writes a checkpoint.",
        discussion: """
            What is left out has the model's own default; see `apus models`. --out receives model.safetensors and \
            best.safetensors (weights), state (what --resume needs), history.csv, pictures, and TensorBoard's events.
            """)

    @Argument(help: "The model's name; `apus models` lists them.")
    var model: String

    @Option(help: ArgumentHelp("The data set: its name, or NAME:FOLDER.", valueName: "name[:path]"))
    var data: String

    @OptionGroup(title: "Training") var training: TrainingOptions

    @OptionGroup var deviceOptions: DeviceOptions

    @Option(help: ArgumentHelp("The folder to write to; runs/MODEL-DATA unless told.", valueName: "dir"))
    var out: String?

    @Flag(help: "Go on with the run in --out, bit for bit, with its own settings; an empty folder begins anew.")
    var resume = false

    @Option(help: "Seconds between two saves of the state within an epoch; with 0 it is saved behind each update.")
    var saveInterval = 60.0

    @Flag(help: "Measure the training data again after each epoch, in evaluation mode.")
    var evaluateTrain = false

    @Flag(help: "Measure each image together with its mirror image, by the mean of their logits.")
    var mirror = false

    @Flag(
        help:
            "Leave out pictures of a folder that cannot be read, and count them; otherwise the first one ends the run.")
    var skipUnreadable = false

    @Flag(help: "Print one JSON object an epoch on standard output.")
    var json = false

    func validate() throws {
        guard saveInterval >= 0, saveInterval.isFinite else {
            throw ValidationError("--save-interval \(saveInterval): a number of 0 or more is needed.")
        }
    }

    func run() throws {
        // Names first: they need no files, and a wrong one is found at once.
        let entry = try ModelRegistry.entry(named: model)
        let reference = try DatasetReference(data)
        try DatasetRegistry.standard.check(reference)
        _ = try RunSettings(training, for: entry)
        let device = try deviceOptions.device.device()
        let path = out ?? "runs/\(entry.name)-\(reference.name)"
        let saved = try savedRun(in: path, entry, reference)
        let settings =
            try saved.map { try RunSettings(training, resuming: $0.state.settings, for: entry) }
            ?? RunSettings(training, for: entry)
        try settings.dtype.check(on: device)

        Interruption.keepForCheck()
        let data = try TrainingData(reference, skipUnreadable ? .skip : .stop, for: entry)
        let session = try TrainingSession(
            entry, data, settings, on: device, name: reference.name,
            measuresTraining: evaluateTrain,
            averagesMirrorImages: mirror, skipsUnreadable: skipUnreadable)
        if let saved { try session.restore(saved.state, path: path) }
        let folder = try OutputFolder(path)
        try Interruption.check()
        if saved == nil {
            try session.initializeFromData()
            try session.clear(folder)
        }
        try session.run(into: folder, saveInterval: .seconds(saveInterval), printsJSON: json)
    }

    /// The state of the run in the folder to go on with; nil where a new one begins.
    ///
    /// Throws where the folder holds another model's checkpoint, which would be overwritten, and where it holds weights
    /// without the state that going on needs.
    private func savedRun(
        in folder: String, _ entry: ModelEntry, _ reference: DatasetReference
    ) throws -> TrainingStateFolder.Saved? {
        let checkpoint = folder + "/" + ModelCheckpoint.fileName
        let isThere = OutputFolder.fileExists(checkpoint)
        if isThere { try ModelCheckpoint(path: checkpoint).check(isOf: entry.name) }
        guard resume else { return nil }
        let path = folder + "/" + TrainingSession.stateFolderName
        guard let saved = try TrainingStateFolder(path).newest() else {
            if isThere {
                throw CommandFailure(
                    .damaged,
                    "\(folder) holds weights, but not the state of a run (\(path)). Train anew into another --out.")
            }
            return nil
        }
        for (what, value) in [("model", entry.name), ("data", reference.name)] {
            guard saved.state.settings[what] == value else {
                throw CommandFailure(
                    .damaged,
                    "\(folder) holds a run of the \(what) \(saved.state.settings[what] ?? "?"), not \(value). "
                        + "Choose another --out.")
            }
        }
        for problem in saved.problems {
            StandardStreams.error("note: passed over a saved state. \(problem)")
        }
        return saved
    }
}
