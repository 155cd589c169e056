import ApusGraph
import ApusPlan
import CKernels

extension Reduction: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let input = step.inputs[0].spec
        guard input.dtype == .float32, input.shape.elementCount > 0, let function else { return nil }
        let passes = passes(input.shape)
        guard !passes.isEmpty else { return nil }
        let reduced = passes.reduce(1) { $0 * $1.reduce }
        let scale: Float? = kind == .mean ? 1 / Float(reduced) : nil
        let resultCount = step.outputs[0].spec.shape.elementCount
        // Passes write to two halves of the scratch memory in turn; the last one writes the result.
        let largest = passes.dropLast().map { $0.outer * $0.inner }.max() ?? 0
        let half = (largest * MemoryLayout<Float>.stride + 63) / 64 * 64
        return PreparedStep(kernel: "reduce", scratchBytes: 2 * half) { operands, scratch in
            var source = operands[0]
            for (index, pass) in passes.enumerated() {
                let isLast = index == passes.count - 1
                let target = isLast ? operands[1] : scratch + (index % 2) * half
                pass.run(function, source.floats, target.floats)
                source = target
            }
            if let scale {
                let result = operands[1].floats
                for index in 0..<resultCount { result[index] *= scale }
            }
        }
    }

    /// The kernel's name of the kind; truths have none.
    var function: ApusReduction? {
        switch kind {
        // The mean is scaled once at the end, so that several passes do not round several times.
        case .sum, .mean: ApusReductionSum
        case .amax: ApusReductionMaximum
        case .amin: ApusReductionMinimum
        case .prod: ApusReductionProduct
        case .any, .all: nil
        }
    }

    /// Neighbouring dimensions that are reduced go together; the last of such runs is reduced first.
    private func passes(_ shape: Shape) -> [ReductionPass] {
        var passes: [ReductionPass] = []
        var sizes = shape.dimensions
        var position = sizes.count - 1
        while position >= 0 {
            guard dimensions.contains(position) else {
                position -= 1
                continue
            }
            var first = position
            while first > 0, dimensions.contains(first - 1) { first -= 1 }
            let reduce = sizes[first...position].reduce(1, *)
            let pass = ReductionPass(
                outer: sizes[..<first].reduce(1, *), reduce: reduce, inner: sizes[(position + 1)...].reduce(1, *))
            for dimension in first...position { sizes[dimension] = 1 }
            passes += pass.splitForThreads()
            position = first - 1
        }
        return passes
    }
}

/// One reduction over the middle of [outer, reduce, inner].
private struct ReductionPass {
    let outer: Int
    let reduce: Int
    let inner: Int

    /// Few long rows become more, shorter ones: the number of pieces depends on the sizes alone, so that the result does
    /// not depend on the number of threads.
    func splitForThreads() -> [ReductionPass] {
        let pieces = 16
        guard outer * inner < 16, reduce * outer * inner >= 1 << 16, reduce % pieces == 0 else { return [self] }
        return [
            ReductionPass(outer: outer * pieces, reduce: reduce / pieces, inner: inner),
            ReductionPass(outer: outer, reduce: pieces, inner: inner),
        ]
    }

    func run(_ function: ApusReduction, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
        Parallel.ranges(outer * inner, grain: max(1, Parallel.smallWork / max(reduce, 1))) { range, _ in
            apus_reduce(
                function, x, Int64(outer), Int64(reduce), Int64(inner), y, Int64(range.lowerBound),
                Int64(range.upperBound))
        }
    }
}

extension ArgReduction: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let shape = step.inputs[0].spec.shape
        guard step.inputs[0].spec.dtype == .float32, shape.rank > 0, shape.elementCount > 0 else { return nil }
        let outer = shape.dimensions[..<dimension].reduce(1, *)
        let reduce = shape[dimension]
        let inner = shape.dimensions[(dimension + 1)...].reduce(1, *)
        let isMaximum = isMaximum
        return PreparedStep(kernel: "arg extremum") { operands, _ in
            let positions = operands[1].assumingMemoryBound(to: Int64.self)
            Parallel.ranges(outer * inner, grain: max(1, Parallel.smallWork / reduce)) { range, _ in
                apus_arg_extremum(
                    isMaximum ? 0 : 1, operands[0].floats, Int64(outer), Int64(reduce), Int64(inner), positions,
                    Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
    }
}
