import ApusGraph
import ApusPlan
import CKernels

/// A step that sorts along a dimension and keeps the first elements of each row.
private func sortStep(
    _ step: StepDescription, dimension: Int, kept: Int, isDescending: Bool
) -> PreparedStep? {
    let spec = step.inputs[0].spec
    guard spec.dtype == .float32, step.outputs[0].spec.shape.elementCount > 0 else { return nil }
    let length = spec.shape[dimension]
    guard length < Int(UInt32.max) else { return nil }
    let inner = spec.shape.dimensions[(dimension + 1)...].reduce(1, *)
    let rows = spec.shape.dimensions[..<dimension].reduce(1, *) * inner
    let scratchPerThread = (apus_sort_scratch_bytes(Int64(length)) + 63) / 64 * 64
    return PreparedStep(kernel: "sort rows", scratchBytes: scratchPerThread * CPUInfo.threadCount) {
        operands, scratch in
        let positions = operands[2].assumingMemoryBound(to: Int64.self)
        // Sorting costs some operations for each element.
        let grain = max(1, Parallel.smallWork / 8 / length)
        Parallel.ranges(rows, grain: grain) { range, thread in
            apus_sort_rows(
                operands[0].floats, Int64(length), Int64(inner), Int64(kept), isDescending ? 1 : 0, operands[1].floats,
                positions, Int64(range.lowerBound), Int64(range.upperBound), scratch + thread * scratchPerThread)
        }
    }
}

extension Sort: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        sortStep(step, dimension: dimension, kept: step.inputs[0].spec.shape[dimension], isDescending: isDescending)
    }
}

extension TopK: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        sortStep(step, dimension: dimension, kept: k, isDescending: takesLargest)
    }
}
