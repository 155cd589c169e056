import ApusGraph
import ApusPlan
import CKernels

/// A local response normalisation as the kernels see it.
private struct ResponseTasks: Sendable {
    private static let block = Int(APUS_LOCAL_RESPONSE_BLOCK)

    let kernel: ApusLocalResponse
    /// Blocks of positions of all images.
    let count: Int
    let grain: Int

    /// nil where the input is not `float32` or empty, and where the divisor may be negative, whose powers the kernel
    /// does not know.
    init?(_ normalization: LocalResponseNormalization, _ x: TensorSpec) {
        guard x.dtype == .float32, x.shape.elementCount > 0, normalization.alpha >= 0, normalization.k >= 0 else {
            return nil
        }
        let (images, channels) = (x.shape[0], x.shape[1])
        let plane = x.shape.elementCount / (images * channels)
        kernel = ApusLocalResponse(
            images: Int64(images), channels: Int64(channels), plane: Int64(plane), size: Int64(normalization.size),
            alpha: Float(normalization.alpha), beta: Float(normalization.beta), k: Float(normalization.k))
        count = images * ((plane + Self.block - 1) / Self.block)
        grain = max(1, Parallel.smallWork / (channels * Self.block))
    }

    /// Working memory of a thread that keeps some copies of a block.
    func scratchBytes(copies: Int) -> Int {
        copies * Int(kernel.channels) * Self.block * MemoryLayout<Float>.stride
    }

    func inParallel(_ body: (UnsafePointer<ApusLocalResponse>, Int64, Int64, Int) -> Void) {
        Parallel.ranges(count, grain: grain) { range, thread in
            withUnsafePointer(to: kernel) { body($0, Int64(range.lowerBound), Int64(range.upperBound), thread) }
        }
    }
}

extension LocalResponseNormalization: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let tasks = ResponseTasks(self, step.inputs[0].spec) else { return nil }
        let perThread = tasks.scratchBytes(copies: 2)
        return PreparedStep(kernel: "channel windows", scratchBytes: perThread * CPUInfo.threadCount) {
            operands, scratch in
            tasks.inParallel { kernel, begin, end, thread in
                apus_local_response(
                    kernel, operands[0].floats, operands[1].floats, (scratch + thread * perThread).floats, begin, end)
            }
        }
    }
}

extension LocalResponseNormalizationGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let tasks = ResponseTasks(normalization, step.inputs[1].spec) else { return nil }
        let perThread = tasks.scratchBytes(copies: 4)
        return PreparedStep(kernel: "channel windows", scratchBytes: perThread * CPUInfo.threadCount) {
            operands, scratch in
            tasks.inParallel { kernel, begin, end, thread in
                apus_local_response_backward(
                    kernel, operands[1].floats, operands[0].floats, operands[2].floats,
                    (scratch + thread * perThread).floats, begin, end)
            }
        }
    }
}
