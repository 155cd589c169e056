import ApusGraph
import ApusPlan
import CKernels

extension Scan: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let shape = step.inputs[0].spec.shape
        guard step.inputs[0].spec.dtype == .float32, shape.elementCount > 0 else { return nil }
        let length = shape[dimension]
        let inner = shape.dimensions[(dimension + 1)...].reduce(1, *)
        let rows = shape.elementCount / length
        let grain = max(1, Parallel.smallWork / length)
        let (product, reversed): (Int32, Int32) = (kind == .product ? 1 : 0, isReversed ? 1 : 0)
        return PreparedStep(kernel: "scan") { operands, _ in
            Parallel.ranges(rows, grain: grain) { range, _ in
                apus_scan(
                    product, reversed, operands[0].floats, Int64(length), Int64(inner), operands[1].floats,
                    Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
    }
}

extension Triangle: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let spec = step.inputs[0].spec
        let (rows, columns) = (spec.shape[-2], spec.shape[-1])
        guard spec.shape.elementCount > 0 else { return nil }
        let count = spec.shape.elementCount / columns
        let bounded = Int64(min(max(diagonal, -rows), columns))
        let (elementSize, upper): (Int32, Int32) = (Int32(spec.dtype.byteCount), isUpper ? 1 : 0)
        return PreparedStep(kernel: "triangle") { operands, _ in
            Parallel.ranges(count, grain: max(1, Parallel.smallWork / columns)) { range, _ in
                apus_triangle(
                    elementSize, upper, bounded, Int64(rows), Int64(columns), operands[0], operands[1],
                    Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
    }
}
