import ApusGraph

/// What an optimizer keeps for one parameter from step to step.
public struct OptimizerState: Sendable {
    /// How many steps have updated the parameter.
    public var step: Int
    /// Tensors of the parameter's shape by PyTorch's names: `momentum_buffer`, `exp_avg`, `exp_avg_sq` …
    public var tensors: [String: Tensor]

    public init(step: Int = 0, tensors: [String: Tensor] = [:]) {
        self.step = step
        self.tensors = tensors
    }
}
