import ApusGraph
import ApusPlan

extension Fill: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard dtype == .float32 else { return nil }
        let count = shape.elementCount
        let number = Float(value)
        return PreparedStep(kernel: "fill") { operands, _ in
            let target = operands[0].floats
            Parallel.ranges(count, grain: Parallel.smallWork) { range, _ in
                (target + range.lowerBound).update(repeating: number, count: range.count)
            }
        }
    }
}
