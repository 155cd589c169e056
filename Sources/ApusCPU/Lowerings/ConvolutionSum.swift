import ApusGraph
import ApusPlan
import CKernels
import COneDNN

/// The sum with a tensor of the result's shape behind a convolution: activation(y + z), where z is the last input.
struct ConvolutionSum {
    private let activation: ApusActivation
    /// The bytes of z and of the result, which lie alike.
    private let byteCount: Int

    init(_ step: StepDescription, _ activation: Activation?) {
        self.activation = activation.lanes
        byteCount = step.outputs[0].layout.byteCount ?? step.outputs[0].spec.byteCount
    }

    /// The step with a kernel of oneDNN that adds its result, with the activation behind, to what is there already: z is
    /// put there, unless it is in this place anyway.
    ///
    /// - Parameter roles: those of the inputs without z, then that of the result.
    func before(_ kernel: OneDNNPrimitive, _ roles: [ApusArgumentRole]) -> PreparedStep {
        let step = kernel.step(roles.dropLast() + [nil] + roles.suffix(1))
        let (addend, byteCount) = (roles.count - 1, byteCount)
        return PreparedStep(kernel: step.kernel, scratchBytes: step.scratchBytes) { operands, scratch in
            if operands[addend] != operands[addend + 1] {
                Parallel.ranges(byteCount, grain: Parallel.smallWork * MemoryLayout<Float>.stride) { range, _ in
                    (operands[addend + 1] + range.lowerBound).copyMemory(
                        from: operands[addend] + range.lowerBound, byteCount: range.count)
                }
            }
            try step.run(operands, scratch)
        }
    }

    /// The step with a convolution that has no place for the sum: it computes into the working memory, from where the sum
    /// goes to the result.
    ///
    /// - Parameter convolution: its operands are the inputs without z, and the result.
    func behind(_ convolution: PreparedStep) -> PreparedStep {
        let (activation, byteCount) = (activation, byteCount)
        // As the blocks of the plan's memory lie.
        let offset = (byteCount + 63) / 64 * 64
        return PreparedStep(
            kernel: convolution.kernel, scratchBytes: offset + convolution.scratchBytes
        ) { operands, scratch in
            let addend = operands.count - 2
            try withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: addend + 1) { own in
                for index in 0..<addend { own.initializeElement(at: index, to: operands[index]) }
                own.initializeElement(at: addend, to: scratch)
                try convolution.run(Operands(own), scratch + offset)
            }
            Parallel.ranges(byteCount / MemoryLayout<Float>.stride, grain: Parallel.smallWork) { range, _ in
                apus_add_activate(
                    scratch.floats, operands[addend].floats, activation, operands[addend + 1].floats,
                    Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
    }
}
