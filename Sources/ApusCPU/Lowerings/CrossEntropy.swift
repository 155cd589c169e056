import ApusGraph
import ApusPlan
import CKernels

extension NegativeLogLikelihood: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let classes = LossClasses(self, step.inputs[0].spec) else { return nil }
        let first = step.inputs.count
        return PreparedStep(kernel: classes.positions.kernel) { operands, _ in
            let labels = try classes.labels(operands[1])
            let weights = classes.isWeighted ? operands[2].floats : nil
            // One element of each row is read.
            Parallel.ranges(classes.positions.count, grain: Parallel.smallWork) { range, _ in
                classes.pick(
                    operands[0].floats, labels, weights, operands[first].floats, operands[first + 1].floats,
                    Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
    }
}

extension NegativeLogLikelihoodGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let classes = LossClasses(loss, step.outputs[0].spec) else { return nil }
        let (result, elements) = (step.inputs.count, inputShape.elementCount)
        return PreparedStep(kernel: classes.positions.kernel) { operands, _ in
            let labels = try classes.labels(operands[1])
            let weights = classes.isWeighted ? operands[2].floats : nil
            let dx = operands[result].floats
            Parallel.ranges(elements, grain: Parallel.smallWork) { range, _ in
                (dx + range.lowerBound).update(repeating: 0, count: range.count)
            }
            let positions = classes.positions
            Parallel.ranges(positions.count, grain: Parallel.smallWork) { range, _ in
                apus_nll_backward(
                    operands[0].floats, labels, weights, positions.classes, positions.inner, classes.ignored, dx,
                    Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
    }
}

extension SoftmaxCrossEntropy: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let classes = LossClasses(loss, step.inputs[0].spec) else { return nil }
        let first = step.inputs.count
        return PreparedStep(kernel: classes.positions.kernel) { operands, _ in
            let labels = try classes.labels(operands[1])
            let weights = classes.isWeighted ? operands[2].floats : nil
            let y = operands[first].floats
            classes.positions.inParallel { begin, end in
                classes.positions.softmax(operands[0].floats, y, isLogarithm: true, begin, end)
                classes.pick(
                    y, labels, weights, operands[first + 1].floats, operands[first + 2].floats, begin, end)
            }
        }
    }
}

extension SoftmaxCrossEntropyGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let classes = LossClasses(loss, step.inputs[0].spec) else { return nil }
        let result = step.inputs.count
        return PreparedStep(kernel: classes.positions.kernel) { operands, _ in
            let labels = try classes.labels(operands[2])
            let weights = classes.isWeighted ? operands[3].floats : nil
            let positions = classes.positions
            positions.inParallel { begin, end in
                apus_cross_entropy_backward(
                    operands[0].floats, operands[1].floats, labels, weights, positions.classes, positions.inner,
                    classes.ignored, operands[result].floats, begin, end)
            }
        }
    }
}

/// The classes of a negative log-likelihood, for the kernels.
private struct LossClasses {
    let positions: ClassPositions
    let isWeighted: Bool
    let ignored: Int64
    private let loss: NegativeLogLikelihood
    /// The shape of the labels, for messages.
    private let shape: Shape

    init?(_ loss: NegativeLogLikelihood, _ logits: TensorSpec) {
        guard let positions = ClassPositions(logits, 1) else { return nil }
        self.positions = positions
        self.loss = loss
        isWeighted = loss.isWeighted
        // No label is the smallest integer: the check below has refused it.
        ignored = loss.ignoreIndex.map { Int64($0) } ?? .min
        var sizes = logits.shape.dimensions
        sizes.remove(at: 1)
        shape = Shape(sizes)
    }

    /// The labels in memory; throws where one is out of range.
    func labels(_ memory: UnsafeMutableRawPointer) throws -> UnsafePointer<Int64> {
        let labels = memory.assumingMemoryBound(to: Int64.self)
        // Without an ignored class a valid one stands for it, which changes nothing.
        let ignored = loss.ignoreIndex == nil ? 0 : self.ignored
        let wrong = apus_first_label_out_of_range(labels, Int64(positions.count), positions.classes, ignored)
        guard wrong >= 0 else { return UnsafePointer(labels) }
        throw loss.outOfRange(labels[Int(wrong)], at: Int(wrong), in: shape, classes: Int(positions.classes))
    }

    func pick(
        _ x: UnsafePointer<Float>, _ labels: UnsafePointer<Int64>, _ weights: UnsafePointer<Float>?,
        _ losses: UnsafeMutablePointer<Float>, _ used: UnsafeMutablePointer<Float>, _ begin: Int64, _ end: Int64
    ) {
        apus_nll_forward(x, labels, weights, positions.classes, positions.inner, ignored, losses, used, begin, end)
    }
}
