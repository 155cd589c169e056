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
    /// The tensors that were made, in order, and their values.
    private(set) var tensors: [Tensor] = []
    private var values: [Double] = []
    /// The truths on which the rule branches, in order.
    private(set) var branches: [Bool] = []
    /// ``OptimizerState/numbers`` behind the step.
    var numbers: [String: Double]

    /// Where tensors are made in this task.
    private let device = Device.standard
    /// The tensors of earlier numbers and their values, of the same type and place.
    private let earlier: (tensors: [Tensor], values: [Double])

    /// - Parameter earlier: the numbers of a step before; tensors whose values have not changed are taken from there.
    init(_ key: StepKey, after earlier: StepNumbers? = nil) {
        (self.key, numbers) = (key, key.numbers)
        if let earlier, earlier.key.dtype == key.dtype, earlier.device == device {
            self.earlier = (earlier.tensors, earlier.values)
        } else {
            self.earlier = ([], [])
        }
        tensors.reserveCapacity(self.earlier.tensors.count)
        values.reserveCapacity(self.earlier.values.count)
    }

    /// A number as a tensor that the plan reads: it may change from step to step without a new plan.
    func scalar(_ value: Double) -> Tensor {
        let position = tensors.count
        // By the bits: −0 is another number than 0.
        let isKnown = position < earlier.values.count && earlier.values[position].bitPattern == value.bitPattern
        let tensor = isKnown ? earlier.tensors[position] : Tensor(scalar: value, dtype: key.dtype)
        tensors.append(tensor)
        values.append(value)
        return tensor
    }

    /// A condition on which the rule branches.
    func branch(_ condition: Bool) -> Bool {
        branches.append(condition)
        return condition
    }
}
