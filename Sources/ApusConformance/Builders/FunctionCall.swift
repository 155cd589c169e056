import ApusGraph

/// A call of a function: its tensors, and its arguments under PyTorch's names.
struct FunctionCall {
    let operation: String
    let inputs: [Tensor]
    let arguments: CaseArguments

    /// The only tensor.
    func one() throws -> Tensor {
        try expect(1)
        return inputs[0]
    }

    /// The first of several tensors.
    func first() throws -> Tensor {
        guard let first = inputs.first else { throw CaseProblem.unsupported("\(operation) takes a tensor here") }
        return first
    }

    /// Two tensors.
    func two() throws -> (Tensor, Tensor) {
        try expect(2)
        return (inputs[0], inputs[1])
    }

    /// Three tensors.
    func three() throws -> (Tensor, Tensor, Tensor) {
        try expect(3)
        return (inputs[0], inputs[1], inputs[2])
    }

    /// Two tensors, or one and the number of the argument `name`.
    func pair(orNumber name: String) throws -> (Tensor, Tensor) {
        inputs.count == 1 ? (inputs[0], try arguments.operand(name)) : try two()
    }

    private func expect(_ count: Int) throws {
        guard inputs.count == count else {
            throw CaseProblem.unsupported("\(operation) takes \(count) tensors here, not \(inputs.count)")
        }
    }
}

/// Makes the results of a function call.
typealias FunctionBuilder = @Sendable (FunctionCall) throws -> [Tensor]
