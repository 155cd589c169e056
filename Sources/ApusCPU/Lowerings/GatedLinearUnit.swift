import ApusGraph
import ApusPlan
import CKernels

extension GatedLinearUnit: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let halves = GatedHalves(step.outputs[0].spec, dimension) else { return nil }
        return PreparedStep(kernel: "halves") { operands, _ in
            halves.inParallel { begin, end in
                apus_gated_linear_unit_forward(operands[0].floats, halves.half, operands[1].floats, begin, end)
            }
        }
    }
}

extension GatedLinearUnitGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let halves = GatedHalves(step.inputs[1].spec, unit.dimension) else { return nil }
        return PreparedStep(kernel: "halves") { operands, _ in
            halves.inParallel { begin, end in
                apus_gated_linear_unit_backward(
                    operands[0].floats, operands[1].floats, halves.half, operands[2].floats, begin, end)
            }
        }
    }
}

/// The results of a gated linear unit as rows: the elements of `dimension` and of those after it.
private struct GatedHalves {
    let half: Int64
    private let count: Int

    /// nil where the type is not `float32`, or nothing is to be done.
    init?(_ result: TensorSpec, _ dimension: Int) {
        guard result.dtype == .float32, result.shape.elementCount > 0 else { return nil }
        half = Int64(result.shape.dimensions[dimension...].reduce(1, *))
        count = result.shape.elementCount
    }

    func inParallel(_ body: (Int64, Int64) -> Void) {
        Parallel.ranges(count, grain: Parallel.smallWork) { range, _ in
            body(Int64(range.lowerBound), Int64(range.upperBound))
        }
    }
}
