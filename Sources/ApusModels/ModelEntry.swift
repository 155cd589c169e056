import ApusNN

/// A model that the program knows by name.
public struct ModelEntry: Sendable {
    /// The name on the command line, such as `lenet`.
    public let name: String
    /// One sentence on what the model is.
    public let summary: String
    /// The size of the images it was made for: channels, height and width.
    public let inputSize: (channels: Int, height: Int, width: Int)
    /// How it is trained unless the user says otherwise.
    public let defaults: TrainingDefaults
    private let build: @Sendable (_ numClasses: Int, _ inChannels: Int) -> Module

    public init(
        name: String, summary: String, inputSize: (channels: Int, height: Int, width: Int),
        defaults: TrainingDefaults, build: @escaping @Sendable (_ numClasses: Int, _ inChannels: Int) -> Module
    ) {
        self.name = name
        self.summary = summary
        self.inputSize = inputSize
        self.defaults = defaults
        self.build = build
    }

    /// A new model with fresh weights from `Generator.shared`; `inChannels` is that of ``inputSize`` unless given.
    public func makeModel(numClasses: Int = 10, inChannels: Int? = nil) -> Module {
        build(numClasses, inChannels ?? inputSize.channels)
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

    public var optimizer: OptimizerName
    /// The learning rate.
    public var lr: Double
    /// Of SGD only.
    public var momentum: Double
    public var batchSize: Int
    public var epochs: Int

    public init(optimizer: OptimizerName, lr: Double, momentum: Double = 0, batchSize: Int, epochs: Int) {
        self.optimizer = optimizer
        self.lr = lr
        self.momentum = momentum
        self.batchSize = batchSize
        self.epochs = epochs
    }
}
