import ApusGraph
import ApusNN

/// Parameters that an optimizer treats alike (an entry of PyTorch's `param_groups`).
public struct ParameterGroup<Options: OptimizerOptions> {
    /// The parameters of the group.
    public let parameters: [Parameter]
    /// Learning rate, weight decay and the like; they may change between steps.
    public var options: Options

    /// A group of `parameters` with the hyperparameters `options`.
    public init(_ parameters: [Parameter], _ options: Options) {
        self.parameters = parameters
        self.options = options
    }
}

/// The hyperparameters of an optimizer.
public protocol OptimizerOptions: Sendable {
    /// The learning rate.
    var lr: Double { get set }

    /// The momentum, or β₁ of an optimizer with betas, which ``OneCycleLR`` and ``CyclicLR`` change; nil where there is
    /// neither.
    var cycledMomentum: Double? { get set }

    /// Throws where a hyperparameter is out of its range.
    func check() throws(TensorError)
}

extension OptimizerOptions {
    public var cycledMomentum: Double? {
        get { nil }
        set {}
    }
}

/// Checks of hyperparameters, which name the optimizer, the argument and its range.
struct OptionChecks {
    let optimizer: String

    init(_ optimizer: String) { self.optimizer = optimizer }

    func notNegative(_ options: KeyValuePairs<String, Double>) throws(TensorError) {
        for (name, value) in options where !(value >= 0) {
            throw TensorError(optimizer, "\(name) is \(value). It must be 0 or more.")
        }
    }

    func betas(_ betas: (Double, Double)) throws(TensorError) {
        for (name, value) in [("betas.0", betas.0), ("betas.1", betas.1)] where !(value >= 0 && value < 1) {
            throw TensorError(optimizer, "\(name) is \(value). It must be at least 0 and below 1.")
        }
    }
}
