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

    /// Makes the optimizer; `momentum` is of SGD only. All else has PyTorch's default: no weight decay, but 0.01 for
    /// AdamW and 0.1 for Muon.
    ///
    /// Muon with a parameter that is no matrix is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public func makeOptimizer(_ parameters: [Parameter], lr: Double, momentum: Double = 0) -> Optimizer {
        switch self {
        case .sgd: SGD(parameters, lr: lr, momentum: momentum)
        case .adam: Adam(parameters, lr: lr)
        case .adamw: AdamW(parameters, lr: lr)
        case .nadam: NAdam(parameters, lr: lr)
        case .radam: RAdam(parameters, lr: lr)
        case .adamax: Adamax(parameters, lr: lr)
        case .rmsprop: RMSprop(parameters, lr: lr)
        case .adagrad: Adagrad(parameters, lr: lr)
        case .adadelta: Adadelta(parameters, lr: lr)
        case .rprop: Rprop(parameters, lr: lr)
        case .asgd: ASGD(parameters, lr: lr)
        case .adafactor: Adafactor(parameters, lr: lr)
        case .muon: Muon(parameters, lr: lr)
        }
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
