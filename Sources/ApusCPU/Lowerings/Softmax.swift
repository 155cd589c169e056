import ApusGraph
import ApusPlan
import CKernels

extension Softmax: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let positions = ClassPositions(step.inputs[0].spec, dimension) else { return nil }
        let isLogarithm = isLogarithm
        return PreparedStep(kernel: positions.kernel) { operands, _ in
            positions.inParallel { begin, end in
                positions.softmax(operands[0].floats, operands[1].floats, isLogarithm: isLogarithm, begin, end)
            }
        }
    }
}

extension SoftmaxGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let positions = ClassPositions(step.inputs[0].spec, softmax.dimension) else { return nil }
        let isLogarithm = softmax.isLogarithm
        return PreparedStep(kernel: positions.kernel) { operands, _ in
            positions.inParallel { begin, end in
                let (y, dy, dx) = (operands[0].floats, operands[1].floats, operands[2].floats)
                if positions.inner > 1 {
                    apus_plane_softmax_backward(
                        isLogarithm ? 1 : 0, y, dy, positions.classes, positions.inner, dx, begin, end)
                } else if isLogarithm {
                    apus_log_softmax_backward(y, dy, positions.classes, dx, begin, end)
                } else {
                    apus_softmax_backward(y, dy, positions.classes, dx, begin, end)
                }
            }
        }
    }
}

/// A tensor as [outer, classes, inner]: its positions are outer · inner.
struct ClassPositions {
    let count: Int
    let classes: Int64
    let inner: Int64

    /// nil where the tensor is not `float32`, or empty.
    init?(_ spec: TensorSpec, _ dimension: Int) {
        guard spec.dtype == .float32, dimension < spec.shape.rank, spec.shape.elementCount > 0 else { return nil }
        classes = Int64(spec.shape[dimension])
        inner = Int64(spec.shape.dimensions[(dimension + 1)...].reduce(1, *))
        count = spec.shape.elementCount / Int(classes)
    }

    /// How the kernels go through the tensor, for traces.
    var kernel: String { inner > 1 ? "planes" : "rows" }

    func inParallel(_ body: (Int64, Int64) -> Void) {
        // Threads work on whole vectors of neighbouring positions.
        let grain = max(1, Parallel.smallWork / Int(classes))
        Parallel.ranges(count, grain: inner > 1 ? (grain + 15) / 16 * 16 : grain) { range, _ in
            body(Int64(range.lowerBound), Int64(range.upperBound))
        }
    }

    func softmax(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, isLogarithm: Bool, _ begin: Int64, _ end: Int64
    ) {
        if inner > 1 {
            apus_plane_softmax_forward(isLogarithm ? 1 : 0, x, classes, inner, y, begin, end)
        } else if isLogarithm {
            apus_log_softmax_forward(x, classes, y, begin, end)
        } else {
            apus_softmax_forward(x, classes, y, begin, end)
        }
    }
}
