import ApusGraph
import ApusPlan
import CKernels

extension BinaryCrossEntropy: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let spec = step.inputs[0].spec
        guard spec.dtype == .float32, spec.shape.elementCount > 0 else { return nil }
        let count = spec.shape.elementCount
        let search = FirstPosition()
        return PreparedStep(kernel: "elements", scratchBytes: search.scratchBytes) { operands, scratch in
            let (x, y) = (operands[0].floats, operands[1].floats)
            let wrong = search.inParallel(count, scratch) { begin, end, position in
                apus_binary_cross_entropy(x, y, operands[2].floats, position, begin, end)
            }
            guard let wrong else { return }
            let isTarget = x[wrong] >= 0 && x[wrong] <= 1
            throw outOfRange(Double(isTarget ? y[wrong] : x[wrong]), at: wrong, isTarget: isTarget)
        }
    }
}

extension VarianceFloor: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let spec = step.inputs[0].spec
        guard spec.dtype == .float32, spec.shape.elementCount > 0 else { return nil }
        let count = spec.shape.elementCount
        let search = FirstPosition()
        return PreparedStep(kernel: "elements", scratchBytes: search.scratchBytes) { operands, scratch in
            let x = operands[0].floats
            let wrong = search.inParallel(count, scratch) { begin, end, position in
                apus_variance_floor(x, Float(epsilon), operands[1].floats, position, begin, end)
            }
            if let wrong { throw negative(Double(x[wrong]), at: wrong) }
        }
    }
}

/// A loop whose ranges each report the first position that they refuse.
private struct FirstPosition {
    private let threads = CPUInfo.threadCount

    /// One position a thread, on a cache line of its own.
    private static let stride = 64 / MemoryLayout<Int64>.stride

    var scratchBytes: Int { threads * Self.stride * MemoryLayout<Int64>.stride }

    /// The first position that any range refused.
    func inParallel(
        _ count: Int, _ scratch: UnsafeMutableRawPointer,
        _ body: (Int64, Int64, UnsafeMutablePointer<Int64>) -> Void
    ) -> Int? {
        let positions = scratch.bindMemory(to: Int64.self, capacity: threads * Self.stride)
        positions.update(repeating: -1, count: threads * Self.stride)
        Parallel.ranges(count, grain: Parallel.smallWork / 4) { range, thread in
            body(Int64(range.lowerBound), Int64(range.upperBound), positions + thread * Self.stride)
        }
        return (0..<threads).map { positions[$0 * Self.stride] }.filter { $0 >= 0 }.min().map { Int($0) }
    }
}

extension MultiLabelMargin: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let rows = LabelRows(step.inputs[0].spec) else { return nil }
        return PreparedStep(kernel: "rows", scratchBytes: rows.scratchBytes) { operands, scratch in
            let labels = operands[1].assumingMemoryBound(to: Int64.self)
            if let wrong = rows.firstOutOfRange(labels) {
                throw outOfRange(labels[wrong], row: wrong / rows.classes, classes: rows.classes)
            }
            rows.inParallel(scratch) { begin, end, marks in
                apus_multilabel_margin_forward(
                    operands[0].floats, labels, Int64(rows.classes), operands[2].floats, marks, begin, end)
            }
        }
    }
}

extension MultiLabelMarginGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let rows = LabelRows(step.inputs[1].spec) else { return nil }
        return PreparedStep(kernel: "rows", scratchBytes: rows.scratchBytes) { operands, scratch in
            let labels = operands[2].assumingMemoryBound(to: Int64.self)
            if let wrong = rows.firstOutOfRange(labels) {
                throw MultiLabelMargin().outOfRange(labels[wrong], row: wrong / rows.classes, classes: rows.classes)
            }
            rows.inParallel(scratch) { begin, end, marks in
                apus_multilabel_margin_backward(
                    operands[0].floats, operands[1].floats, labels, Int64(rows.classes), operands[3].floats, marks,
                    begin, end)
            }
        }
    }
}

/// Rows of scores with lists of labels.
private struct LabelRows {
    let count: Int
    let classes: Int

    init?(_ scores: TensorSpec) {
        guard scores.dtype == .float32, scores.shape.elementCount > 0 else { return nil }
        (count, classes) = (scores.shape[0], scores.shape[1])
    }

    /// A mark for each class, of each thread.
    private var marksPerThread: Int { (classes + 15) / 16 * 16 }
    var scratchBytes: Int { CPUInfo.threadCount * marksPerThread * MemoryLayout<Float>.stride }

    func firstOutOfRange(_ labels: UnsafePointer<Int64>) -> Int? {
        // −1 is not ignored but ends a list; it is the only number allowed besides the classes.
        let wrong = apus_first_label_out_of_range(labels, Int64(count * classes), Int64(classes), -1)
        return wrong >= 0 ? Int(wrong) : nil
    }

    func inParallel(
        _ scratch: UnsafeMutableRawPointer, _ body: (Int64, Int64, UnsafeMutablePointer<Float>) -> Void
    ) {
        Parallel.ranges(count, grain: max(1, Parallel.smallWork / (classes * 4))) { range, thread in
            body(
                Int64(range.lowerBound), Int64(range.upperBound), scratch.floats + thread * marksPerThread)
        }
    }
}
