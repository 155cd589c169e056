import ApusNN

/// A model that the program knows by name.
public struct ModelEntry: Sendable {
    /// The name on the command line, such as `lenet`.
    public let name: String
    /// One sentence on what the model is.
    public let summary: String
    /// The size of the images it was made for: channels, height and width.
    public let inputSize: (channels: Int, height: Int, width: Int)
    /// The number of classes that it was made for: 1,000 for the models of ImageNet, else 10.
    public let defaultNumClasses: Int
    /// How it is trained unless the user says otherwise.
    public let defaults: TrainingDefaults
    /// How many images a step has when its speed is measured: as a rule those of ``defaults``; fewer where these need
    /// much memory and time.
    public let benchmarkBatchSize: Int
    private let build: @Sendable (_ numClasses: Int, _ inChannels: Int) -> Module

    /// A model of the registry.
    ///
    /// - Parameters:
    ///   - name: the name on the command line.
    ///   - summary: one sentence on what the model is, without a full stop.
    ///   - inputSize: the size of the images it was made for.
    ///   - defaultNumClasses: the number of classes it was made for; `10` by default.
    ///   - defaults: how it is trained unless the user says otherwise; `.usual` by default.
    ///   - benchmarkBatchSize: the images in a step that is measured; those of `defaults` where it is `nil`, which is
    ///     the default.
    ///   - build: makes the model with fresh weights.
    public init(
        name: String, summary: String, inputSize: (channels: Int, height: Int, width: Int),
        defaultNumClasses: Int = 10, defaults: TrainingDefaults = .usual, benchmarkBatchSize: Int? = nil,
        build: @escaping @Sendable (_ numClasses: Int, _ inChannels: Int) -> Module
    ) {
        self.name = name
        self.summary = summary
        self.inputSize = inputSize
        self.defaultNumClasses = defaultNumClasses
        self.defaults = defaults
        self.benchmarkBatchSize = benchmarkBatchSize ?? defaults.batchSize
        self.build = build
    }

    /// A new model with fresh weights from `Generator.shared`.
    ///
    /// The weights are recorded, and drawn when they are first read: a model that is only counted costs no memory.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes; ``defaultNumClasses`` where it is `nil`, which is the default.
    ///   - inChannels: the channels of the images; those of ``inputSize`` where it is `nil`, which is the default.
    public func makeModel(numClasses: Int? = nil, inChannels: Int? = nil) -> Module {
        build(numClasses ?? defaultNumClasses, inChannels ?? inputSize.channels)
    }
}

/// The settings with which a model is trained unless the user says otherwise.
public struct TrainingDefaults: Sendable, Hashable {
    /// The optimizers that the program knows by name.
    public enum OptimizerName: String, Sendable, Hashable, CaseIterable {
        case sgd
        case adam
        case adamw
        case nadam
        case radam
        case adamax
        case rmsprop
        case adagrad
        case adadelta
        case rprop
        case asgd
        case adafactor
        case muon
    }

    /// What is customary for residual networks, and stands for all models without settings of their own: SGD with
    /// learning rate 0.1 and momentum 0.9, batches of 128, 10 epochs.
    public static let usual = TrainingDefaults(optimizer: .sgd, lr: 0.1, momentum: 0.9, batchSize: 128, epochs: 10)

    /// The optimizer.
    public var optimizer: OptimizerName
    /// The learning rate.
    public var lr: Double
    /// Of SGD only.
    public var momentum: Double
    /// The images in a step.
    public var batchSize: Int
    /// How often each image is seen.
    public var epochs: Int

    /// Settings of a training.
    ///
    /// - Parameters:
    ///   - optimizer: the optimizer.
    ///   - lr: the learning rate.
    ///   - momentum: of SGD only; `0` by default.
    ///   - batchSize: the images in a step.
    ///   - epochs: how often each image is seen.
    public init(optimizer: OptimizerName, lr: Double, momentum: Double = 0, batchSize: Int, epochs: Int) {
        self.optimizer = optimizer
        self.lr = lr
        self.momentum = momentum
        self.batchSize = batchSize
        self.epochs = epochs
    }
}
