import ApusGraph

/// What ``LBFGS`` remembers from step to step, about all parameters as one long vector.
struct LBFGSMemory {
    /// The direction d of the last iteration.
    var direction: Tensor?
    /// The length t of the last iteration's step.
    var length = 0.0
    /// The changes of the gradient, oldest first.
    var gradientChanges: [Tensor] = []
    /// The changes of the parameters, oldest first.
    var steps: [Tensor] = []
    /// 1 / (change of the gradient · change of the parameters), oldest first.
    var inverseProducts: [Double] = []
    /// The scale of the first guess of the inverse Hessian.
    var scale = 1.0
    var previousGradient: Tensor?
    var evaluationCount = 0
    var iterationCount = 0

    init(_ state: OptimizerState) {
        direction = state.tensors["d"]
        previousGradient = state.tensors["prev_flat_grad"]
        length = state.numbers["t"] ?? 0
        scale = state.numbers["H_diag"] ?? 1
        evaluationCount = Int(state.numbers["func_evals"] ?? 0)
        iterationCount = state.step
        while let change = state.tensors["old_dirs.\(steps.count)"],
            let step = state.tensors["old_stps.\(steps.count)"], let product = state.numbers["ro.\(steps.count)"]
        {
            gradientChanges.append(change)
            steps.append(step)
            inverseProducts.append(product)
        }
    }

    var state: OptimizerState {
        var state = OptimizerState(
            step: iterationCount,
            numbers: ["t": length, "H_diag": scale, "func_evals": Double(evaluationCount)])
        state.tensors["d"] = direction
        state.tensors["prev_flat_grad"] = previousGradient
        for index in steps.indices {
            state.tensors["old_dirs.\(index)"] = gradientChanges[index]
            state.tensors["old_stps.\(index)"] = steps[index]
            state.numbers["ro.\(index)"] = inverseProducts[index]
        }
        return state
    }

    /// Keeps a pair of changes, and forgets the oldest where there are `limit` already.
    mutating func append(gradientChange: Tensor, step: Tensor, product: Double, limit: Int) {
        if steps.count >= limit {
            gradientChanges.removeFirst()
            steps.removeFirst()
            inverseProducts.removeFirst()
        }
        gradientChanges.append(gradientChange)
        steps.append(step)
        inverseProducts.append(1 / product)
    }
}
