import ApusGraph
import ApusPlan
import CKernels

extension Softmax: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let rows = Rows(step.inputs[0].spec, dimension) else { return nil }
        let isLogarithm = isLogarithm
        return PreparedStep(kernel: "rows") { operands, _ in
            rows.inParallel { begin, end in
                let (x, y) = (operands[0].floats, operands[1].floats)
                if isLogarithm {
                    apus_log_softmax_forward(x, rows.classes, y, begin, end)
                } else {
                    apus_softmax_forward(x, rows.classes, y, begin, end)
                }
            }
        }
    }
}

extension SoftmaxGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let rows = Rows(step.inputs[0].spec, softmax.dimension) else { return nil }
        let isLogarithm = softmax.isLogarithm
        return PreparedStep(kernel: "rows") { operands, _ in
            rows.inParallel { begin, end in
                let (y, dy, dx) = (operands[0].floats, operands[1].floats, operands[2].floats)
                if isLogarithm {
                    apus_log_softmax_backward(y, dy, rows.classes, dx, begin, end)
                } else {
                    apus_softmax_backward(y, dy, rows.classes, dx, begin, end)
                }
            }
        }
    }
}

extension SoftmaxCrossEntropy: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let rows = Rows(step.inputs[0].spec, 1) else { return nil }
        let (isWeighted, ignoreIndex) = (loss.isWeighted, Int64(loss.ignoreIndex))
        let first = step.inputs.count
        return PreparedStep(kernel: "rows") { operands, _ in
            let classes = operands[1].assumingMemoryBound(to: Int64.self)
            try rows.check(classes, ignoreIndex: ignoreIndex)
            let weights = isWeighted ? operands[2].floats : nil
            let (y, losses, used) = (operands[first].floats, operands[first + 1].floats, operands[first + 2].floats)
            rows.inParallel { begin, end in
                apus_log_softmax_forward(operands[0].floats, rows.classes, y, begin, end)
                for row in Int(begin)..<Int(end) {
                    let label = classes[row]
                    let weight: Float = label == ignoreIndex ? 0 : weights?[Int(label)] ?? 1
                    used[row] = weight
                    losses[row] = label == ignoreIndex ? 0 : -weight * y[row * Int(rows.classes) + Int(label)]
                }
            }
        }
    }
}

extension SoftmaxCrossEntropyGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let rows = Rows(step.inputs[0].spec, 1) else { return nil }
        let (isWeighted, ignoreIndex) = (loss.isWeighted, Int64(loss.ignoreIndex))
        let last = step.inputs.count
        return PreparedStep(kernel: "rows") { operands, _ in
            let (y, dy) = (operands[0].floats, operands[1].floats)
            let labels = operands[2].assumingMemoryBound(to: Int64.self)
            try rows.check(labels, ignoreIndex: ignoreIndex)
            let weights = isWeighted ? operands[3].floats : nil
            let dx = operands[last].floats
            let classes = Int(rows.classes)
            rows.inParallel { begin, end in
                // The gradient by the log-probabilities, which the softmax's gradient then replaces in place.
                let target = dx + Int(begin) * classes
                target.update(repeating: 0, count: Int(end - begin) * classes)
                for row in Int(begin)..<Int(end) where labels[row] != ignoreIndex {
                    let label = Int(labels[row])
                    dx[row * classes + label] = -(weights?[label] ?? 1) * dy[row]
                }
                apus_log_softmax_backward(y, dx, rows.classes, dx, begin, end)
            }
        }
    }
}

/// A tensor as rows of classes.
private struct Rows {
    let count: Int
    let classes: Int64

    /// nil where the dimension is not the last one, or the type not `float32`.
    init?(_ spec: TensorSpec, _ dimension: Int) {
        guard spec.dtype == .float32, dimension == spec.shape.rank - 1, spec.shape.elementCount > 0 else { return nil }
        classes = Int64(spec.shape[-1])
        count = spec.shape.elementCount / spec.shape[-1]
    }

    func inParallel(_ body: (Int64, Int64) -> Void) {
        Parallel.ranges(count, grain: max(1, Parallel.smallWork / Int(classes))) { range, _ in
            body(Int64(range.lowerBound), Int64(range.upperBound))
        }
    }

    func check(_ labels: UnsafePointer<Int64>, ignoreIndex: Int64) throws {
        let wrong = apus_first_label_out_of_range(labels, Int64(count), classes, ignoreIndex)
        guard wrong >= 0 else { return }
        throw TensorError(
            "nll_loss",
            "the class \(labels[Int(wrong)]) of sample \(wrong) is out of range for \(classes) classes. "
                + "Expected 0 to \(classes - 1).")
    }
}
