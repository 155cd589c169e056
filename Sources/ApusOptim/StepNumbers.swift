import ApusGraph

/// What the numbers of a step depend on beside the hyperparameters.
public struct StepKey: Hashable, Sendable {
    /// The parameter's step, from 1.
    public let step: Int
    /// The parameter's type.
    public let dtype: DType
    /// ``OptimizerState/numbers`` before the step.
    public let numbers: [String: Double]
}

/// Makes the numbers of a step, and notes all that they tell a rule, so that it can be known again in the next step.
///
/// A rule that reads its operands, these tensors and these truths, and no other tensors and conditions, consists of the
/// same functions whenever the truths are the same.
final class StepNumbers {
    let key: StepKey
    /// The tensors that were made, in order.
    private(set) var tensors: [Tensor] = []
    /// The truths on which the rule branches, in order.
    private(set) var branches: [Bool] = []
    /// ``OptimizerState/numbers`` behind the step.
    var numbers: [String: Double]

    init(_ key: StepKey) { (self.key, numbers) = (key, key.numbers) }

    /// A number as a tensor that the plan reads: it may change from step to step without a new plan.
    func scalar(_ value: Double) -> Tensor {
        let tensor = Tensor(scalar: value, dtype: key.dtype)
        tensors.append(tensor)
        return tensor
    }

    /// A condition on which the rule branches.
    func branch(_ condition: Bool) -> Bool {
        branches.append(condition)
        return condition
    }
}
