import ApusGraph
import ApusPlan

/// Computes every primitive by the plainest loop, in plain layouts: the judge in tests, and the fallback of other
/// backends where they have no kernel.
///
/// Real numbers are computed in double precision and rounded once for each primitive, so that a result in `float32` is
/// as near to the exact one as its type allows. `float64` and all other types that a primitive admits work too.
public struct ReferenceBackend: Backend {
    public let name = "reference"

    public init() {}

    public func layouts(for step: StepDescription) -> StepLayouts? {
        step.primitive is any ReferenceKernel ? .plain(step) : nil
    }

    public func prepare(_ step: StepDescription) -> PreparedStep? {
        guard let kernel = step.primitive as? any ReferenceKernel,
            (step.inputs + step.outputs).allSatisfy({ $0.layout == .plain })
        else { return nil }
        let inputs = step.inputs.map(\.spec)
        let outputs = step.outputs.map(\.spec)
        return PreparedStep(kernel: "reference") { operands, _ in
            precondition(operands.count == inputs.count + outputs.count, "\(kernel.name): wrong number of operands")
            let inputViews = inputs.indices.map { ArrayView(UnsafeRawPointer(operands[$0]), inputs[$0]) }
            let outputViews = outputs.indices.map { MutableArrayView(operands[inputs.count + $0], outputs[$0]) }
            try kernel.evaluate(inputViews, outputViews)
        }
    }
}

/// A primitive with a reference kernel.
///
/// Each file of `Kernels/` makes the primitives of the file of that name in `ApusGraph/Primitives` or `ApusPlan/Fused`
/// conform; nothing else is needed for a new primitive to be computed.
public protocol ReferenceKernel: Primitive {
    /// Computes all results, whose shapes and types are those of ``Primitive/infer(_:)``.
    ///
    /// Memory of a result may be memory of an input only where the primitive is one that reuses inputs. Throws a
    /// ``TensorError`` on values that cannot be computed with, and on types for which the operation is not defined.
    func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws
}
