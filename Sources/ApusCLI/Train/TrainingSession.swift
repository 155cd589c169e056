import ApusData
import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import ApusOptim
import ApusTraining
import Foundation

/// A training run of the program: the model, the loaders, the callbacks, and the files they write.
struct TrainingSession {
    /// The folder within `--out` that holds the run's state.
    static let stateFolderName = "state"

    private let entry: ModelEntry
    private let data: TrainingData
    private let settings: RunSettings
    private let device: Device
    private let dataName: String
    private let preprocessing: Preprocessing
    private let net: Module
    private let trainer: Trainer
    private let loaders: Trainer.Loaders
    /// The callbacks that change the training, and so belong to its state.
    private let callbacks: [any TrainerCallback]

    /// Large enough to keep all cores busy with a small network, small enough for the memory of a large one.
    static let evaluationBatchSize = 256

    /// Makes the model with fresh weights, and all that its training needs.
    init(
        _ entry: ModelEntry, _ data: TrainingData, _ settings: RunSettings, on device: Device, name: String,
        measuresTraining: Bool, averagesMirrorImages: Bool, skipsUnreadable: Bool
    ) throws {
        (self.entry, self.data, self.settings, self.device, dataName) = (entry, data, settings, device, name)
        let input = try data.inputSize(for: entry)
        let preprocessing = try data.preprocessing(input, settings.transform)
        self.preprocessing = preprocessing
        let onError: DataLoader.ErrorPolicy = skipsUnreadable ? .skip : .stop
        func measuring(_ dataset: any Dataset) -> DataLoader {
            DataLoader(
                dataset, batchSize: Self.evaluationBatchSize,
                transform: TrainingData.evaluationTransform(preprocessing, of: dataset), onError: onError)
        }
        loaders = Trainer.Loaders(
            training: DataLoader(
                data.training, batchSize: settings.batchSize, shuffle: true,
                transform: data.trainingTransform(preprocessing, settings.transform), seed: settings.seed,
                onError: onError),
            test: measuring(data.test),
            trainingEvaluation: measuresTraining ? measuring(data.training) : nil)

        manualSeed(settings.seed)
        let net = try withTensorErrors { entry.makeModel(numClasses: data.classCount).to(device) }
        self.net = net
        let optimizer = try withTensorErrors {
            try settings.optimizer.makeOptimizer(
                net.parameters(), lr: settings.lr, momentum: settings.momentum, nesterov: settings.nesterov,
                weightDecay: settings.weightDecay)
        }
        let smoothing = settings.labelSmoothing
        trainer = Trainer(
            model: net, optimizer: optimizer, accumulationSteps: settings.accumulate,
            averagesMirrorImages: averagesMirrorImages, precision: settings.dtype.precision
        ) { crossEntropy($0, $1, labelSmoothing: smoothing) }
        callbacks = try Self.makeCallbacks(settings, optimizer, net, batches: loaders.training.batchCount)
    }

    private static func makeCallbacks(
        _ settings: RunSettings, _ optimizer: Optimizer, _ net: Module, batches: Int
    ) throws -> [any TrainerCallback] {
        var callbacks: [any TrainerCallback] = [NaNGuard()]
        if let norm = settings.clipNorm { callbacks.append(GradientNormClipping(maxNorm: norm)) }
        let updates = settings.epochs * ((batches + settings.accumulate - 1) / settings.accumulate)
        let scheduler = try withTensorErrors { settings.schedule.makeScheduler(optimizer, updates: max(1, updates)) }
        if let scheduler { callbacks.append(LearningRateSchedule(scheduler, every: .update)) }
        if let decay = settings.ema {
            // The running variances of the first updates are many times those of later ones.
            let average = AveragedModel(net, averaging: .warmingExponential(decay: decay), useBuffers: true)
            callbacks.append(WeightAveraging(average))
        }
        if let patience = settings.patience { callbacks.append(EarlyStopping(patience: patience)) }
        return callbacks
    }

    /// Sets the weights that depend on training images, of a model that has such.
    func initializeFromData() throws {
        guard let model = net as? any DataDependentInitialization else { return }
        let loader = DataLoader(
            data.training, batchSize: model.initializationImageCount,
            transform: TrainingData.evaluationTransform(preprocessing, of: data.training), prefetch: 0)
        if let (images, _) = loader.makeIterator().next() {
            try withTensorErrors { try model.initialize(from: images.moved(to: device)) }
        }
        try loader.check()
    }

    /// Goes on where a run was saved; `path` is its folder, for errors.
    func restore(_ state: TrainingState, path: String) throws {
        guard state.settings["images"] == "\(data.training.count)" else {
            throw CommandFailure(
                .damaged,
                "\(path): the run was trained on \(state.settings["images"] ?? "?") images, the data set has "
                    + "\(data.training.count). Give the data that it was started with.")
        }
        if let computing = state.settings["computing"], computing != DeviceDescription.text(device) {
            StandardStreams.error(
                "note: the run was computed on \(computing); on \(DeviceDescription.text(device)) sums may be rounded "
                    + "otherwise")
        }
        do {
            try state.restore(to: trainer, loaders.training, callbacks)
        } catch let error as StateDictError {
            throw CommandFailure(.damaged, "\(path): the saved run is not of this model. \(error)")
        }
    }

    /// Removes what an earlier run in the folder left and this one would not replace at once: otherwise `--resume` could
    /// take up that run's state, and TensorBoard would show both as one.
    func clear(_ folder: OutputFolder) throws {
        try TrainingStateFolder(folder.file(Self.stateFolderName)).clear()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let old = names.filter { $0 == ModelCheckpoint.bestFileName || $0.hasPrefix(TensorBoardLog.filePrefix) }
        for name in old { try FileManager.default.removeItem(atPath: folder.file(name)) }
        if names.contains(ModelCheckpoint.fileName) {
            StandardStreams.error(
                "note: this run replaces the one in \(folder.path); --resume would have gone on with it")
        }
    }

    /// Trains, and writes the files of the run.
    func run(into folder: OutputFolder, saveInterval: Duration, printsJSON: Bool) throws {
        StandardStreams.error("training on \(DeviceDescription.text(device))")
        if let conversion = data.conversion(preprocessing) { StandardStreams.error(conversion) }
        let reporter = TrainingReporter(
            epochs: settings.epochs, stepsPerEpoch: loaders.training.batchCount, printsJSON: printsJSON)
        let saving = StateSaving(
            to: TrainingStateFolder(folder.file(Self.stateFolderName)), loader: loaders.training,
            callbacks: callbacks, settings: savedSettings, interval: saveInterval)
        let checkpoint = folder.file(ModelCheckpoint.fileName)
        let description = description
        let isResumed = trainer.progress.epoch > 1 || trainer.progress.step > 0
        if isResumed {
            StandardStreams.error(
                "going on with epoch \(trainer.progress.epoch) behind step \(trainer.progress.step)")
        }
        let epochsBefore = trainer.progress.records.count
        let log = TensorBoardLog(
            folder: folder.path, settings: savedSettings, input: preprocessing.input, epochs: settings.epochs)
        let confusion = ConfusionRecorder(classCount: data.classCount)
        let files: [any TrainerCallback] = [
            confusion, log,
            ModelSaving { try ModelCheckpoint.save(net, description, to: checkpoint) },
            BestEpoch { _ in
                try ModelCheckpoint.save(net, description, to: folder.file(ModelCheckpoint.bestFileName))
            },
            HistoryWriting(to: folder.file("history.csv")),
            saving, reporter, InterruptionCheck(saving),
        ]
        do {
            try trainer.fit(loaders, epochs: settings.epochs, callbacks: callbacks + files)
        } catch {
            reporter.clear()
            throw error
        }
        if trainer.progress.records.count > epochsBefore, let matrix = confusion.matrix {
            try log.end(try writePictures(into: folder, matrix), epoch: trainer.progress.records.count)
        }
        reportSkipped()
        reporter.reportEnd(testAccuracy: trainer.progress.records.last?.test.accuracy, checkpoint: checkpoint)
    }

    /// Writes the pictures of the model as it was measured last; gives those that the log shows too.
    private func writePictures(
        into folder: OutputFolder, _ confusion: ConfusionMatrix
    ) throws -> [RunPictures.Picture] {
        let pictures = RunPictures(folder: folder, classNames: data.training.classNames)
        try pictures.writeCurves(trainer.progress.records)
        try pictures.writeConfusion(confusion)
        func show() throws -> [RunPictures.Picture] {
            try [
                pictures.writePredictions(of: net, preprocessing, data.test), pictures.writeFilters(of: net),
            ].compactMap { $0 }
        }
        let average = callbacks.lazy.compactMap { $0 as? WeightAveraging }.first?.average
        return try average?.withAveragedWeights(show) ?? show()
    }

    private var savedSettings: [String: String] {
        var values = settings.values
        values["model"] = entry.name
        values["data"] = dataName
        values["images"] = "\(data.training.count)"
        values["computing"] = DeviceDescription.text(device)
        return values
    }

    private var description: CheckpointDescription {
        CheckpointDescription(
            model: entry.name,
            arguments: ["num_classes": data.classCount, "in_channels": preprocessing.input[0]],
            classNames: data.training.classNames, inputSize: preprocessing.input,
            transform: data.steps(preprocessing).map(\.description))
    }

    /// Tells which files were left out.
    private func reportSkipped() {
        var errors = data.skipped.map { "\($0)" }
        // A loader meets the same picture in each epoch.
        for error in [loaders.training, loaders.test].flatMap(\.skipped) where !errors.contains("\(error)") {
            errors.append("\(error)")
        }
        guard !errors.isEmpty else { return }
        StandardStreams.error("skipped \(errors.count) files that cannot be read:")
        for error in errors.prefix(20) { StandardStreams.error("  \(error)") }
    }
}
