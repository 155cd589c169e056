import ApusData
import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import ApusTraining
import ArgumentParser

/// `apus train`: trains a model and writes its checkpoint.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Trains a model and writes a checkpoint.",
        discussion: "What is left out has the model's own default; see `apus models`.")

    @Argument(help: "The model's name; `apus models` lists them.")
    var model: String

    @Option(help: ArgumentHelp("The data set: its name, or NAME:FOLDER.", valueName: "name[:path]"))
    var data: String

    @Option(help: "How often to go through the training data.")
    var epochs: Int?

    @Option(help: "Images in a training step.")
    var batchSize: Int?

    @Option(help: "The optimizer: adam, adamw or sgd.")
    var optimizer: String?

    @Option(
        help: "The learning rate; 0.001 for adam and adamw, 0.1 for sgd, where it is not the model's own optimizer.")
    var lr: Double?

    @OptionGroup var deviceOptions: DeviceOptions

    @Option(help: "Where the weights and the order of the images are drawn from.")
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp("The folder to write model.safetensors to; runs/MODEL-DATA unless told.", valueName: "dir"))
    var out: String?

    @Flag(help: "Go on with the run in --out; not available yet.")
    var resume = false

    @Flag(help: "Measure the training data again after each epoch, in evaluation mode.")
    var evaluateTrain = false

    @Flag(
        help:
            "Leave out pictures of a folder that cannot be read, and count them; otherwise the first one ends the run.")
    var skipUnreadable = false

    @Flag(help: "Print one JSON object an epoch on standard output.")
    var json = false

    func validate() throws {
        if let epochs, epochs < 1 { throw ValidationError("--epochs \(epochs): at least 1 is needed.") }
        if let batchSize, batchSize < 1 { throw ValidationError("--batch-size \(batchSize): at least 1 is needed.") }
        if let lr, !(lr >= 0 && lr.isFinite) {
            throw ValidationError("--lr \(lr): a number of 0 or more is needed, such as 0.001.")
        }
    }

    func run() throws {
        // Names first: they need no files, and a wrong one is found at once.
        let entry = try ModelRegistry.entry(named: model)
        let reference = try DatasetReference(data)
        try DatasetRegistry.standard.check(reference)
        let optimizerName = try optimizer.map { try TrainingDefaults.OptimizerName(named: $0) }
        let device = try deviceOptions.device.device()
        let folderPath = out ?? "runs/\(entry.name)-\(reference.name)"
        try refuseToResume(folderPath, entry)

        Interruption.keepForCheck()
        let data = try TrainingData(reference, skipUnreadable ? .skip : .stop)
        manualSeed(seed)
        let net = try makeModel(entry, for: data, on: device)
        let folder = try OutputFolder(folderPath)
        try Interruption.check()
        try train(net, entry, optimizerName, data, device, into: folder)
    }
}

extension TrainCommand {
    /// Resuming needs the state of the optimizer and of the loader, which checkpoints do not hold: a run that went on
    /// without them would not be the run that it claims to be.
    ///
    /// A checkpoint of another model in the folder is refused with and without `--resume`: it would be overwritten.
    private func refuseToResume(_ folder: String, _ entry: ModelEntry) throws {
        let path = folder + "/" + ModelCheckpoint.fileName
        if OutputFolder.fileExists(path) {
            try ModelCheckpoint(path: path).check(isOf: entry.name)
        }
        if resume {
            throw CommandFailure(
                .usage,
                "--resume is not available yet: a checkpoint holds the weights only. Train anew without it, "
                    + "into another --out to keep the old checkpoint.")
        }
    }

    /// The two splits of a data set.
    private struct TrainingData {
        let training: any Dataset
        let test: any Dataset

        init(_ reference: DatasetReference, _ unusable: ImageFolder.Unusable) throws {
            training = try DatasetRegistry.standard.load(reference, .train, unusable: unusable)
            test = try DatasetRegistry.standard.load(reference, .test, unusable: unusable)
        }

        /// The files that were left out of both splits when they were listed.
        var skipped: [DataError] {
            let folders = [training, test].map { ($0 as? Subset)?.base ?? $0 }.compactMap { $0 as? ImageFolder }
            var seen: Set<String> = []
            return folders.flatMap(\.skipped).filter { seen.insert($0.path).inserted }
        }

        var sampleShape: Shape { training.sampleShape }
        var classCount: Int { training.classNames.count }
    }

    /// Makes the model with fresh weights, and tells whether it takes images of the data's size: recording a forward
    /// pass checks all shapes and computes nothing.
    private func makeModel(_ entry: ModelEntry, for data: TrainingData, on device: Device) throws -> Module {
        do {
            return try withTensorErrors {
                let net = entry.makeModel(numClasses: data.classCount, inChannels: data.sampleShape[0]).to(device)
                for shape in [data.training.sampleShape, data.test.sampleShape] {
                    _ = noGrad { net(.zeros(Shape([1] + shape.dimensions))) }
                }
                return net
            }
        } catch let error as TensorError {
            let size = data.sampleShape.map(String.init).joined(separator: "x")
            throw CommandFailure(
                .damaged, "the model \(entry.name) does not take the images of \(self.data) (\(size)): \(error)")
        }
    }

    private func train(
        _ net: Module, _ entry: ModelEntry, _ chosen: TrainingDefaults.OptimizerName?, _ data: TrainingData,
        _ device: Device, into folder: OutputFolder
    ) throws {
        let defaults = entry.defaults
        let optimizerName = chosen ?? defaults.optimizer
        let isDefault = optimizerName == defaults.optimizer
        let trainer = Trainer(
            model: net,
            optimizer: optimizerName.makeOptimizer(
                net.parameters(), lr: lr ?? (isDefault ? defaults.lr : optimizerName.usualLearningRate),
                momentum: isDefault ? defaults.momentum : 0))
        let batchSize = batchSize ?? defaults.batchSize
        let onError: DataLoader.ErrorPolicy = skipUnreadable ? .skip : .stop
        let loaders = Trainer.Loaders(
            training: DataLoader(data.training, batchSize: batchSize, shuffle: true, seed: seed, onError: onError),
            test: DataLoader(data.test, batchSize: Self.evaluationBatchSize, onError: onError),
            trainingEvaluation: evaluateTrain
                ? DataLoader(data.training, batchSize: Self.evaluationBatchSize, onError: onError) : nil)
        let description = CheckpointDescription(
            model: entry.name, arguments: ["num_classes": data.classCount, "in_channels": data.sampleShape[0]],
            classNames: data.training.classNames, inputSize: data.sampleShape.dimensions)

        StandardStreams.error("training on \(DeviceDescription.text(device))")
        var reporter = TrainingReporter(
            epochs: epochs ?? defaults.epochs, stepsPerEpoch: loaders.training.batchCount, printsJSON: json)
        var history = History()
        let checkpoint = folder.file(ModelCheckpoint.fileName)
        do {
            try trainer.fit(loaders, epochs: epochs ?? defaults.epochs) { step in
                reporter.report(step)
                try Interruption.check()
            } onEpoch: { record in
                try ModelCheckpoint.save(net, description, to: checkpoint)
                history.append(record)
                try history.write(to: folder.file("history.csv"))
                reporter.report(record)
                try Interruption.check()
            }
        } catch {
            reporter.clear()
            throw error
        }
        reportSkipped(data.skipped, [loaders.training, loaders.test])
        reporter.reportEnd(testAccuracy: history.records.last?.test.accuracy, checkpoint: checkpoint)
    }

    /// Tells which files were left out.
    private func reportSkipped(_ listed: [DataError], _ loaders: [DataLoader]) {
        var errors = listed.map { "\($0)" }
        // A loader meets the same picture in each epoch.
        for error in loaders.flatMap(\.skipped) where !errors.contains("\(error)") { errors.append("\(error)") }
        guard !errors.isEmpty else { return }
        StandardStreams.error("skipped \(errors.count) files that cannot be read:")
        for error in errors.prefix(20) { StandardStreams.error("  \(error)") }
    }

    /// Large enough to keep all cores busy with a small network, small enough for the memory of a large one.
    private static let evaluationBatchSize = 256
}
