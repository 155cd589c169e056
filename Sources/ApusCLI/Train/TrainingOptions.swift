import ApusTraining
import ArgumentParser

/// The options of `apus train` that its result depends on.
struct TrainingOptions: ParsableArguments {
    @Option(help: "How often to go through the training data, in all.")
    var epochs: Int?

    @Option(help: "Images in a training step.")
    var batchSize: Int?

    @Option(help: "The optimizer: sgd, adam, adamw, …; the model's own unless told.")
    var optimizer: String?

    @Option(
        help:
            "The learning rate; where the optimizer is not the model's own, PyTorch's default for it, and 0.1 for sgd.")
    var lr: Double?

    @Option(help: "Momentum, of sgd and rmsprop.")
    var momentum: Double?

    @Flag(help: "Nesterov momentum, of sgd.")
    var nesterov = false

    @Option(help: "How much of the weights each update takes off, times the learning rate.")
    var weightDecay: Double?

    @Option(help: "The course of the learning rate: constant, step, cosine, onecycle or triangle.")
    var schedule: ScheduleName?

    @Option(help: "How much of each label is spread over all classes, 0 to 1.")
    var labelSmoothing: Double?

    @Option(
        help: ArgumentHelp(
            "Average the weights, keeping this much of the average in each update, and measure and write the average.",
            valueName: "decay"))
    var ema: Double?

    @Option(help: "Stop once the test accuracy has not risen for this many epochs.")
    var patience: Int?

    @Option(help: "The largest norm of the gradients; larger ones are shrunk.")
    var clipNorm: Double?

    @Option(help: "How many batches make one update.")
    var accumulate: Int?

    @Option(help: "The type of the factors of convolutions and matrix products in training; float32 unless told.")
    var dtype: ComputingType?

    @Option(help: "What is done to the images: plain, tutorial, standard or strong.")
    var transform: TransformPreset?

    @Option(help: "Where the weights, the order of the images and their changes are drawn from; 0 unless told.")
    var seed: UInt64?

    func validate() throws {
        func check(_ name: String, _ value: (some Comparable)?, _ isRight: Bool, _ wanted: String) throws {
            guard let value, !isRight else { return }
            throw ValidationError("--\(name) \(value): \(wanted) is needed.")
        }
        try check("epochs", epochs, (epochs ?? 1) >= 1, "at least 1")
        try check("batch-size", batchSize, (batchSize ?? 1) >= 1, "at least 1")
        try check("lr", lr, (lr ?? 0) >= 0 && (lr ?? 0).isFinite, "a number of 0 or more, such as 0.001,")
        try check("momentum", momentum, (0..<1).contains(momentum ?? 0), "a number from 0 up to 1")
        try check(
            "weight-decay", weightDecay, (weightDecay ?? 0) >= 0 && (weightDecay ?? 0).isFinite, "a number of 0 or more"
        )
        try check("label-smoothing", labelSmoothing, (0...1).contains(labelSmoothing ?? 0), "a number from 0 to 1")
        try check("ema", ema, (0...1).contains(ema ?? 0), "a number from 0 to 1, such as 0.999,")
        try check("patience", patience, (patience ?? 1) >= 1, "at least 1")
        try check("clip-norm", clipNorm, (clipNorm ?? 1) > 0, "a number above 0")
        try check("accumulate", accumulate, (accumulate ?? 1) >= 1, "at least 1")
    }

    /// The options with what the user left out taken from a run's settings.
    func completed(by saved: [String: String]) -> TrainingOptions {
        var options = self
        func number<Number: LosslessStringConvertible>(_ name: String) -> Number? { saved[name].flatMap(Number.init) }
        options.epochs = epochs ?? number("epochs")
        options.batchSize = batchSize ?? number("batch-size")
        options.optimizer = optimizer ?? saved["optimizer"]
        options.lr = lr ?? number("lr")
        options.momentum = momentum ?? number("momentum")
        options.nesterov = nesterov || saved["nesterov"] == "true"
        options.weightDecay = weightDecay ?? number("weight-decay")
        options.schedule = schedule ?? saved["schedule"].flatMap(ScheduleName.init)
        options.labelSmoothing = labelSmoothing ?? number("label-smoothing")
        options.ema = ema ?? number("ema")
        options.patience = patience ?? number("patience")
        options.clipNorm = clipNorm ?? number("clip-norm")
        options.accumulate = accumulate ?? number("accumulate")
        options.transform = transform ?? saved["transform"].flatMap(TransformPreset.init)
        options.dtype = dtype ?? saved["dtype"].flatMap(ComputingType.init(rawValue:))
        options.seed = seed ?? number("seed")
        return options
    }
}

extension ScheduleName: ExpressibleByArgument {}
extension TransformPreset: ExpressibleByArgument {}
