import ApusGraph
import ApusNN

/// Parameters that an optimizer treats alike (an entry of PyTorch's `param_groups`).
public struct ParameterGroup<Options: OptimizerOptions> {
    public let parameters: [Parameter]
    /// Learning rate, weight decay and the like; they may change between steps.
    public var options: Options

    public init(_ parameters: [Parameter], _ options: Options) {
        self.parameters = parameters
        self.options = options
    }
}

/// The hyperparameters of an optimizer.
public protocol OptimizerOptions: Sendable {
    /// The learning rate.
    var lr: Double { get set }

    /// Throws where a hyperparameter is out of its range.
    func check() throws(TensorError)
}
