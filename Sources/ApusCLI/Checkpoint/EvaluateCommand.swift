import ApusData
import ApusTraining
import ArgumentParser

/// `apus evaluate`: measures a checkpoint on a data set.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measures a checkpoint on a data set.")

    @Argument(help: "The checkpoint: the folder of a run, or a .safetensors file.")
    var checkpoint: String

    @Option(help: ArgumentHelp("The data set: its name, or NAME:FOLDER.", valueName: "name[:path]"))
    var data: String

    @Option(help: "The split: train or test.")
    var split = DatasetSplit.test

    @Option(help: "Images at a time.")
    var batchSize = TrainingSession.evaluationBatchSize

    @OptionGroup var deviceOptions: DeviceOptions

    @Option(
        help: ArgumentHelp("A folder for pictures: the confusion matrix, and a grid of predictions.", valueName: "dir"))
    var out: String?

    @Flag(help: "Measure each image together with its mirror image, by the mean of their logits.")
    var mirror = false

    @Flag(help: "Leave out pictures of a folder that cannot be read, and count them.")
    var skipUnreadable = false

    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    func validate() throws {
        guard batchSize >= 1 else { throw ValidationError("--batch-size \(batchSize): at least 1 is needed.") }
    }

    func run() throws {
        let reference = try DatasetReference(data)
        try DatasetRegistry.standard.check(reference)
        let device = try deviceOptions.device.device()
        let opened = try OpenedCheckpoint(checkpoint, on: device)
        let (input, classNames) = (opened.preprocessing.input, opened.description.classNames)
        let sizing = Preprocessing.middle(height: input[1], width: input[2])
        let dataset = try DatasetRegistry.standard.load(
            reference, split, unusable: skipUnreadable ? .skip : .stop,
            sizing: Compose(sizing.map(\.transform)))
        guard dataset.classNames.count == classNames.count else {
            throw CommandFailure(
                .damaged,
                "\(checkpoint) tells \(classNames.count) classes apart, \(data) has \(dataset.classNames.count). "
                    + "Choose the data set that the model was trained on.")
        }
        if dataset.classNames != classNames {
            StandardStreams.error("note: the classes of \(data) have other names than those of the checkpoint")
        }
        let preprocessing = opened.preprocessing
        let steps = preprocessing.shaping(for: TrainingData.format(dataset))
        if !steps.isEmpty {
            StandardStreams.error(
                "images become \(input.map(String.init).joined(separator: "x")) by "
                    + steps.map(\.description).joined(separator: ", "))
        }
        let loader = DataLoader(
            dataset, batchSize: batchSize,
            transform: TrainingData.evaluationTransform(preprocessing, of: dataset),
            onError: skipUnreadable ? .skip : .stop)
        var confusion = ConfusionMatrix(classCount: classNames.count)
        let metrics = try Evaluator(opened.model, averagesMirrorImages: mirror).evaluate(loader) {
            try confusion.add(logits: $0, labels: $1)
        }
        if json {
            let line = JSONLine([
                "event": .string("evaluate"), "loss": .number(metrics.loss), "accuracy": .number(metrics.accuracy),
                "images": .integer(metrics.sampleCount),
            ])
            StandardStreams.output(line.text)
        } else {
            StandardStreams.output(Self.text(metrics, confusion, classNames))
        }
        if let out {
            let pictures = RunPictures(folder: try OutputFolder(out), classNames: classNames)
            try pictures.writeConfusion(confusion)
            _ = try pictures.writePredictions(of: opened.model, preprocessing, dataset)
        }
        if loader.skippedCount > 0 { StandardStreams.error("skipped \(loader.skippedCount) files that cannot be read") }
        guard !metrics.loss.isNaN else { throw CommandFailure(.failed, "the loss is not a number (NaN).") }
    }

    private static func text(
        _ metrics: ClassificationMetrics, _ confusion: ConfusionMatrix, _ classNames: [String]
    ) -> String {
        var table = TextTable(["class", "precision", "recall", "f1", "images"], rightAligned: [1, 2, 3, 4])
        for (label, name) in classNames.enumerated() {
            table.append([
                name, confusion.precision(of: label).fixed(4), confusion.recall(of: label).fixed(4),
                confusion.f1(of: label).fixed(4), "\(confusion.support(of: label))",
            ])
        }
        return """
            \(table.text)

            loss \(metrics.loss.fixed(4)), accuracy \(metrics.accuracy.fixed(4)) on \(metrics.sampleCount) images
            """
    }
}

extension DatasetSplit: ExpressibleByArgument {}
