import ApusModels
import ApusNN
import ApusOptim

extension TrainingDefaults.OptimizerName {
    /// The optimizer of a name; throws ``UnknownOptimizerError`` where there is none.
    public init(named name: String) throws(UnknownOptimizerError) {
        guard let optimizer = Self(rawValue: name) else {
            throw UnknownOptimizerError(name: name, known: Self.allCases.map(\.rawValue))
        }
        self = optimizer
    }

    /// The learning rate to begin with where neither the user nor the model's defaults say one: PyTorch's default; but
    /// for SGD, whose default in PyTorch (0.001) hardly moves a network without momentum, the customary 0.1.
    public var usualLearningRate: Double {
        switch self {
        case .sgd: 0.1
        case .adam, .adamw, .radam, .muon: 0.001
        case .nadam, .adamax: 0.002
        case .rmsprop, .adagrad, .rprop, .asgd, .adafactor: 0.01
        case .adadelta: 1
        }
    }

    /// Makes the optimizer. What is not given has PyTorch's default: no momentum for SGD, no weight decay but 0.01 for
    /// AdamW and 0.1 for Muon.
    ///
    /// Muon with a parameter that is no matrix is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    ///
    /// - Parameters:
    ///   - parameters: what is trained.
    ///   - lr: the learning rate.
    ///   - momentum: of SGD and RMSprop only.
    ///   - nesterov: whether SGD looks ahead, which needs a momentum.
    ///   - weightDecay: how much of the weights each update takes off; Rprop has none.
    /// - Throws: ``OptimizerSettingError`` for what the optimizer does not have.
    public func makeOptimizer(
        _ parameters: [Parameter], lr: Double, momentum: Double? = nil, nesterov: Bool = false,
        weightDecay: Double? = nil
    ) throws(OptimizerSettingError) -> Optimizer {
        if momentum != nil, ![.sgd, .rmsprop].contains(self) {
            throw OptimizerSettingError(optimizer: rawValue, setting: "momentum", alternatives: "sgd or rmsprop")
        }
        if nesterov, self != .sgd {
            throw OptimizerSettingError(optimizer: rawValue, setting: "Nesterov momentum", alternatives: "sgd")
        }
        if weightDecay != nil, self == .rprop {
            throw OptimizerSettingError(optimizer: rawValue, setting: "weight decay", alternatives: "another optimizer")
        }
        let (decay, momentum) = (weightDecay ?? 0, momentum ?? 0)
        return switch self {
        case .sgd: SGD(parameters, lr: lr, momentum: momentum, weightDecay: decay, nesterov: nesterov)
        case .adam: Adam(parameters, lr: lr, weightDecay: decay)
        case .adamw: AdamW(parameters, lr: lr, weightDecay: weightDecay ?? 0.01)
        case .nadam: NAdam(parameters, lr: lr, weightDecay: decay)
        case .radam: RAdam(parameters, lr: lr, weightDecay: decay)
        case .adamax: Adamax(parameters, lr: lr, weightDecay: decay)
        case .rmsprop: RMSprop(parameters, lr: lr, weightDecay: decay, momentum: momentum)
        case .adagrad: Adagrad(parameters, lr: lr, weightDecay: decay)
        case .adadelta: Adadelta(parameters, lr: lr, weightDecay: decay)
        case .rprop: Rprop(parameters, lr: lr)
        case .asgd: ASGD(parameters, lr: lr, weightDecay: decay)
        case .adafactor: Adafactor(parameters, lr: lr, weightDecay: decay)
        case .muon: Muon(parameters, lr: lr, weightDecay: weightDecay ?? 0.1)
        }
    }
}

/// A setting that an optimizer does not have.
public struct OptimizerSettingError: Error, Sendable, Hashable, CustomStringConvertible {
    public let optimizer: String
    public let setting: String
    /// Who has it.
    public let alternatives: String

    public var description: String {
        "the optimizer \(optimizer) has no \(setting). Leave it out, or use \(alternatives)."
    }
}

/// A name that no optimizer has.
public struct UnknownOptimizerError: Error, Sendable, Hashable, CustomStringConvertible {
    public let name: String
    public let known: [String]

    public var description: String {
        "there is no optimizer \"\(name)\". Known optimizers: \(known.joined(separator: ", "))."
    }
}
