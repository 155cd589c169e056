import ApusGraph
import ApusPlan
import CKernels

extension AveragePool: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard isSupported(step) else { return nil }
        guard let kind = LanesKind(step.inputs[0]) else { return .plain(step) }
        return StepLayouts(inputs: [step.inputs[0].layout], outputs: [try kind.layout(step.outputs[0].spec)])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard isSupported(step) else { return nil }
        let (input, output) = (step.inputs[0], step.outputs[0])
        let (countsPadding, divisor) = (Int32(countIncludePad ? 1 : 0), Int64(divisorOverride ?? 0))
        if let kind = LanesKind(input) {
            let pooling = kind.pooling(geometry, input: input.spec.shape, output: output.spec.shape)
            let groups = kind.groups(input.spec.shape)
            return PreparedStep(kernel: "lanes") { operands, _ in
                Parallel.ranges(groups) { range, _ in
                    withUnsafePointer(to: pooling) {
                        apus_lanes_average_pool_forward(
                            $0, countsPadding, divisor, operands[0].floats, operands[1].floats,
                            Int64(range.lowerBound), Int64(range.upperBound))
                    }
                }
            }
        }
        let planes = PoolingPlanes(geometry, input: input.spec.shape, output: output.spec.shape)
        return PreparedStep(kernel: "planes") { operands, _ in
            planes.inParallel { pooling, begin, end in
                apus_average_pool_forward(
                    pooling, countsPadding, divisor, operands[0].floats, operands[1].floats, begin, end)
            }
        }
    }

    /// Two spatial dimensions of `float32`; a negative divisor is left to the reference.
    fileprivate func isSupported(_ step: StepDescription) -> Bool {
        step.inputs[0].spec.dtype == .float32 && geometry.spatialRank == 2 && (divisorOverride ?? 1) > 0
            && step.inputs[0].spec.shape.elementCount > 0
    }
}

extension AveragePoolGradient: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard pool.isSupported(step) else { return nil }
        guard let kind = LanesKind(step.inputs[0]) else { return .plain(step) }
        return StepLayouts(inputs: [step.inputs[0].layout], outputs: [try kind.layout(step.outputs[0].spec)])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard pool.isSupported(step) else { return nil }
        let (dy, dx) = (step.inputs[0], step.outputs[0])
        let (countsPadding, divisor) = (Int32(pool.countIncludePad ? 1 : 0), Int64(pool.divisorOverride ?? 0))
        if let kind = LanesKind(dy) {
            let pooling = kind.pooling(pool.geometry, input: dx.spec.shape, output: dy.spec.shape)
            let groups = kind.groups(dx.spec.shape)
            return PreparedStep(kernel: "lanes") { operands, _ in
                Parallel.ranges(groups) { range, _ in
                    withUnsafePointer(to: pooling) {
                        apus_lanes_average_pool_backward(
                            $0, countsPadding, divisor, operands[0].floats, operands[1].floats,
                            Int64(range.lowerBound), Int64(range.upperBound))
                    }
                }
            }
        }
        let planes = PoolingPlanes(pool.geometry, input: dx.spec.shape, output: dy.spec.shape)
        return PreparedStep(kernel: "planes") { operands, _ in
            planes.inParallel { pooling, begin, end in
                apus_average_pool_backward(
                    pooling, countsPadding, divisor, operands[0].floats, operands[1].floats, begin, end)
            }
        }
    }
}

/// Row-major planes [H, W], one for each sample and channel.
struct PoolingPlanes: Sendable {
    private let pooling: ApusPooling
    private let count: Int
    private let work: Int

    init(_ geometry: PoolingGeometry, input: Shape, output: Shape) {
        pooling = ApusPooling(
            inputHeight: Int64(input[2]), inputWidth: Int64(input[3]), outputHeight: Int64(output[2]),
            outputWidth: Int64(output[3]), kernelHeight: Int64(geometry.kernelSize[0]),
            kernelWidth: Int64(geometry.kernelSize[1]), strideHeight: Int64(geometry.stride[0]),
            strideWidth: Int64(geometry.stride[1]), paddingHeight: Int64(geometry.padding[0]),
            paddingWidth: Int64(geometry.padding[1]), dilationHeight: Int64(geometry.dilation[0]),
            dilationWidth: Int64(geometry.dilation[1]))
        count = input[0] * input[1]
        work = max(1, output[2] * output[3] * geometry.kernelSize[0] * geometry.kernelSize[1])
    }

    func inParallel(_ body: (UnsafePointer<ApusPooling>, Int64, Int64) -> Void) {
        Parallel.ranges(count, grain: max(1, Parallel.smallWork / work)) { range, _ in
            withUnsafePointer(to: pooling) { body($0, Int64(range.lowerBound), Int64(range.upperBound)) }
        }
    }
}
