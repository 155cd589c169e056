import ApusGraph
import ApusPlan
import CKernels

/// Where a stream of random numbers starts: the `int64` pair that is an input of the step.
private func streamStart(_ key: UnsafeMutableRawPointer) -> (seed: UInt64, position: UInt64) {
    let words = key.assumingMemoryBound(to: UInt64.self)
    return (words[0], words[1])
}

/// Splits elements at whole groups of the random kernels.
private func inParallel(_ count: Int, _ body: (Int64, Int64) -> Void) {
    let grain = Parallel.smallWork / Int(APUS_RANDOM_GRAIN) * Int(APUS_RANDOM_GRAIN)
    Parallel.ranges(count, grain: grain) { range, _ in body(Int64(range.lowerBound), Int64(range.upperBound)) }
}

extension RandomNumbers: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let count = shape.elementCount
        switch (distribution, dtype) {
        case (.uniform(let low, let high), .float32):
            let (least, last) = (Float(low), Float(high).nextDown)
            // An empty range gives its bound, which the kernel takes for both.
            let bound = max(least, last)
            return PreparedStep(kernel: "philox") { operands, _ in
                let (seed, position) = streamStart(operands[0])
                inParallel(count) {
                    apus_random_uniform(seed, position, low, high, least, bound, operands[1].floats, $0, $1)
                }
            }
        case (.normal(let mean, let deviation), .float32):
            return PreparedStep(kernel: "philox") { operands, _ in
                let (seed, position) = streamStart(operands[0])
                inParallel(count) {
                    apus_random_normal(seed, position, Float(mean), Float(deviation), operands[1].floats, $0, $1)
                }
            }
        case (.bernoulli(let probability), .float32):
            let threshold = Self.threshold(probability)
            return PreparedStep(kernel: "philox") { operands, _ in
                let (seed, position) = streamStart(operands[0])
                inParallel(count) {
                    apus_random_bernoulli(seed, position, threshold, operands[1].floats, $0, $1)
                }
            }
        case (.integers(let low, let high), .int64):
            let range = UInt64(bitPattern: Int64(high &- low))
            return PreparedStep(kernel: "philox") { operands, _ in
                let (seed, position) = streamStart(operands[0])
                let target = operands[1].assumingMemoryBound(to: Int64.self)
                inParallel(count) { apus_random_integers(seed, position, Int64(low), range, target, $0, $1) }
            }
        default: return nil
        }
    }
}

extension RandomDropout: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard step.inputs[0].spec.dtype == .float32 else { return nil }
        let count = step.inputs[0].spec.shape.elementCount
        let (threshold, scale) = (threshold, Float(scale))
        return PreparedStep(kernel: "philox") { operands, _ in
            let (seed, position) = streamStart(operands[1])
            inParallel(count) {
                apus_random_dropout(
                    seed, position, threshold, scale, operands[0].floats, operands[2].floats, $0, $1)
            }
        }
    }
}
