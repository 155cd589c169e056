import ApusModels
import ApusTraining

/// What a training run is made of: all that its result depends on, beside the data and the number of threads.
///
/// It is kept in the run's state, as text by the option's name, so that `--resume` goes on with the same.
struct RunSettings {
    var epochs: Int
    var batchSize: Int
    var optimizer: TrainingDefaults.OptimizerName
    var lr: Double
    var momentum: Double?
    var nesterov: Bool
    var weightDecay: Double?
    var schedule: ScheduleName
    var labelSmoothing: Double
    var ema: Double?
    var patience: Int?
    var clipNorm: Double?
    var accumulate: Int
    var dtype: ComputingType
    var transform: TransformPreset
    var seed: UInt64

    /// The settings by the names of their options; what is not set is empty.
    var values: [String: String] {
        [
            "epochs": "\(epochs)", "batch-size": "\(batchSize)", "optimizer": optimizer.rawValue, "lr": "\(lr)",
            "momentum": momentum.map { "\($0)" } ?? "", "nesterov": "\(nesterov)",
            "weight-decay": weightDecay.map { "\($0)" } ?? "", "schedule": schedule.rawValue,
            "label-smoothing": "\(labelSmoothing)", "ema": ema.map { "\($0)" } ?? "",
            "patience": patience.map { "\($0)" } ?? "", "clip-norm": clipNorm.map { "\($0)" } ?? "",
            "accumulate": "\(accumulate)", "transform": transform.rawValue, "seed": "\(seed)",
            "dtype": dtype == .float32 ? "" : dtype.rawValue,
        ]
    }
}

extension RunSettings {
    /// The settings of a new run: what the user gave, else the model's own.
    ///
    /// Throws where a name is not known.
    init(_ options: TrainingOptions, for entry: ModelEntry) throws {
        let defaults = entry.defaults
        let optimizer = try options.optimizer.map { try TrainingDefaults.OptimizerName(named: $0) }
        let isDefault = optimizer == nil || optimizer == defaults.optimizer
        self.optimizer = optimizer ?? defaults.optimizer
        epochs = options.epochs ?? defaults.epochs
        batchSize = options.batchSize ?? defaults.batchSize
        lr = options.lr ?? (isDefault ? defaults.lr : self.optimizer.usualLearningRate)
        momentum = options.momentum ?? (isDefault && defaults.momentum > 0 ? defaults.momentum : nil)
        (nesterov, weightDecay) = (options.nesterov, options.weightDecay)
        (schedule, labelSmoothing) = (options.schedule ?? .constant, options.labelSmoothing ?? 0)
        (ema, patience, clipNorm) = (options.ema, options.patience, options.clipNorm)
        (accumulate, seed) = (options.accumulate ?? 1, options.seed ?? 0)
        dtype = options.dtype ?? .float32
        transform = options.transform ?? .usual(for: entry)
    }

    /// The settings of a run that goes on: those that it was started with.
    ///
    /// Throws a failure with code 64 where the user gave another one; only `--epochs` may differ, unless the schedule
    /// spans them.
    init(_ options: TrainingOptions, resuming saved: [String: String], for entry: ModelEntry) throws {
        try self.init(options.completed(by: saved), for: entry)
        for (name, value) in values.sorted(by: { $0.key < $1.key }) where saved[name] ?? "" != value && name != "epochs"
        {
            let started = saved[name].flatMap { $0.isEmpty ? nil : $0 } ?? "none"
            throw CommandFailure(
                .usage,
                "--\(name) \(value): the run was started with \(started). Leave it out to go on, or train anew into "
                    + "another --out.")
        }
        guard schedule == .constant || saved["epochs"] == "\(epochs)" else {
            throw CommandFailure(
                .usage,
                "--epochs \(epochs): the schedule \(schedule.rawValue) of this run spans \(saved["epochs"] ?? "?") "
                    + "epochs. Leave --epochs out, or train anew into another --out.")
        }
    }
}

extension TransformPreset {
    /// What a model's images get unless the user says otherwise: the tutorials' models what the tutorials do, all others
    /// the standard.
    static func usual(for entry: ModelEntry) -> TransformPreset {
        switch entry.name {
        case "lenet", "lenet5", "cnn2", "cnn4": .plain
        case "trashnet": .tutorial
        default: .standard
        }
    }
}
