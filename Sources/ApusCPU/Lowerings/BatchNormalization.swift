import ApusGraph
import ApusPlan
import CKernels

/// The sizes of a row-major [N, C, …].
private struct ChannelView: Sendable {
    let images: Int64
    let channels: Int
    let plane: Int64

    /// nil where the tensor is not `float32`, or empty.
    init?(_ spec: TensorSpec) {
        guard spec.dtype == .float32, spec.shape.rank >= 2, spec.shape.elementCount > 0 else { return nil }
        images = Int64(spec.shape[0])
        channels = spec.shape[1]
        plane = Int64(spec.shape.elementCount / (spec.shape[0] * spec.shape[1]))
    }

    func inParallel(_ body: (Int64, Int64) -> Void) {
        Parallel.ranges(channels, grain: max(1, Parallel.smallWork / Int(images * plane))) { range, _ in
            body(Int64(range.lowerBound), Int64(range.upperBound))
        }
    }
}

extension BatchNormalization: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let view = ChannelView(step.inputs[0].spec) else { return nil }
        let (isAffine, epsilon) = (isAffine, Float(epsilon))
        let first = step.inputs.count
        return PreparedStep(kernel: "channels") { operands, _ in
            let x = operands[0].floats
            let (gamma, beta) = isAffine ? (operands[1].floats, operands[2].floats) : (nil, nil)
            let (y, mean) = (operands[first].floats, operands[first + 1].floats)
            let (variance, inverse) = (operands[first + 2].floats, operands[first + 3].floats)
            view.inParallel { begin, end in
                let channels = Int64(view.channels)
                apus_batch_statistics(x, view.images, channels, view.plane, mean, variance, begin, end)
                for channel in Int(begin)..<Int(end) {
                    inverse[channel] = 1 / (variance[channel] + epsilon).squareRoot()
                }
                apus_batch_normalize(
                    x, view.images, channels, view.plane, mean, variance, epsilon, gamma, beta, 0, y, begin, end)
            }
        }
    }
}

extension BatchNormalizationGradient: CPULowerable {
    /// The kernel takes variance + ε; 1 / inverse² is just that, with an ε of 0.
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let view = ChannelView(step.inputs[1].spec) else { return nil }
        let scratchBytes = view.channels * MemoryLayout<Float>.stride
        return PreparedStep(kernel: "channels", scratchBytes: scratchBytes) { operands, scratch in
            let inverse = operands[3].floats
            let variance = scratch.floats
            for channel in 0..<view.channels { variance[channel] = 1 / (inverse[channel] * inverse[channel]) }
            view.inParallel { begin, end in
                apus_batch_normalization_backward(
                    operands[1].floats, operands[0].floats, nil, view.images, Int64(view.channels), view.plane,
                    operands[2].floats, variance, 0, operands[4].floats, 1, operands[5].floats, operands[6].floats,
                    operands[7].floats, begin, end)
            }
        }
    }
}
