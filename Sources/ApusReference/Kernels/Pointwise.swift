import ApusGraph
import ApusPlan

extension Pointwise: ReferenceKernel {
    /// A program of one function.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let instruction = FusedPointwise.Instruction(
            .function(function), operands: Array(inputs.indices), dtype: outputs[0].dtype)
        let program = FusedPointwise(
            inputTypes: inputs.map(\.dtype), instructions: [instruction], results: [inputs.count],
            shapes: [outputs[0].shape])
        try program.evaluate(inputs, outputs)
    }
}

extension FusedPointwise: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let interpreter = try PointwiseInterpreter(self)
        defer { interpreter.deallocate() }
        for (part, shape) in shapes.enumerated() {
            try interpreter.run(
                shape, inputs[(part * inputsPerPart)..<((part + 1) * inputsPerPart)],
                outputs[(part * results.count)..<((part + 1) * results.count)])
        }
    }
}

/// An activation in place, rounded like the elementwise function by itself.
func apply(_ activation: Activation, to result: MutableArrayView) throws {
    try Pointwise(activation.function).evaluate([result.view], [result])
}
