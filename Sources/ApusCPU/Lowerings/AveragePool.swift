import ApusGraph
import ApusPlan
import CKernels

extension AveragePool: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard isSupported(step.inputs[0], input: step.inputs[0].spec.shape) else { return nil }
        guard let kind = LanesKind(step.inputs[0]) else { return .plain(step) }
        return StepLayouts(inputs: [step.inputs[0].layout], outputs: [try kind.layout(step.outputs[0].spec)])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard isSupported(step.inputs[0], input: step.inputs[0].spec.shape) else { return nil }
        let (input, output) = (step.inputs[0], step.outputs[0])
        let (countsPadding, divisor) = (Int32(countIncludePad ? 1 : 0), Int64(divisorOverride ?? 0))
        if let kind = LanesKind(input) {
            let lanes = PoolingLanes(kind, geometry, input: input.spec.shape, output: output.spec.shape)
            return PreparedStep(kernel: "lanes") { operands, _ in
                lanes.inParallel { pooling, begin, end in
                    apus_lanes_average_pool_forward(
                        pooling, countsPadding, divisor, operands[0].floats, operands[1].floats, begin, end)
                }
            }
        }
        return PoolingPlanes(geometry, input: input.spec.shape, output: output.spec.shape)
            .average(countIncludePad: countIncludePad, divisor: divisorOverride ?? 0)
    }

    fileprivate func isSupported(_ value: PlannedValue, input: Shape) -> Bool {
        value.spec.dtype == .float32 && PoolingPlanes.fits(input)
    }
}

extension AveragePoolGradient: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard isSupported(step.inputs[0]) else { return nil }
        guard let kind = LanesKind(step.inputs[0]) else { return .plain(step) }
        return StepLayouts(inputs: [step.inputs[0].layout], outputs: [try kind.layout(step.outputs[0].spec)])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard isSupported(step.inputs[0]) else { return nil }
        let (dy, dx) = (step.inputs[0], step.outputs[0])
        if let kind = LanesKind(dy) { return inLanes(kind, dy: dy.spec.shape, nil) }
        return PoolingPlanes(pool.geometry, input: dx.spec.shape, output: dy.spec.shape)
            .averageGradient(countIncludePad: pool.countIncludePad, divisor: pool.divisorOverride ?? 0)
    }

    fileprivate func isSupported(_ dy: PlannedValue) -> Bool { pool.isSupported(dy, input: inputShape) }

    /// The step for dy and dx in lanes; with an activation that is preceded by its result, in the same layout.
    fileprivate func inLanes(_ kind: LanesKind, dy: Shape, _ activation: Activation?) -> PreparedStep {
        let lanes = PoolingLanes(kind, pool.geometry, input: inputShape, output: dy)
        let (countsPadding, divisor) = (Int32(pool.countIncludePad ? 1 : 0), Int64(pool.divisorOverride ?? 0))
        let first = activation == nil ? 0 : 1
        let function = activation.lanes
        return PreparedStep(kernel: "lanes") { operands, _ in
            lanes.inParallel { pooling, begin, end in
                apus_lanes_average_pool_backward(
                    pooling, countsPadding, divisor, operands[first].floats, operands[0].floats, function,
                    operands[first + 1].floats, begin, end)
            }
        }
    }
}

extension FusedAveragePoolGradient: CPULowerable {
    /// Two spatial dimensions and `float32`, which the kernels on lanes and blocks of channels compute.
    func hasKernel(_ step: StepDescription) -> Bool {
        step.inputs[0].spec.shape.rank == 4 && step.inputs[0].spec.dtype == .float32
            && gradient.isSupported(step.inputs[1])
    }

    /// As the activation's result lies: its gradient has readers in that layout, and dy is smaller than they are.
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard hasKernel(step) else { return nil }
        guard let kind = LanesKind(step.inputs[0]) else { return .plain(step) }
        return StepLayouts(
            inputs: [step.inputs[0].layout, try kind.layout(step.inputs[1].spec)],
            outputs: [try kind.layout(step.outputs[0].spec)])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard hasKernel(step) else { return nil }
        let (y, dy) = (step.inputs[0], step.inputs[1])
        if let kind = LanesKind(y) { return gradient.inLanes(kind, dy: dy.spec.shape, activation) }
        let spread = PoolingPlanes(gradient.pool.geometry, input: y.spec.shape, output: dy.spec.shape)
            .averageGradient(
                countIncludePad: gradient.pool.countIncludePad, divisor: gradient.pool.divisorOverride ?? 0)
        let (count, function) = (y.spec.shape.elementCount, Activation?(activation).lanes)
        return PreparedStep(kernel: spread.kernel, scratchBytes: spread.scratchBytes) { operands, scratch in
            try spread.run(Operands(rebasing: operands[1...]), scratch)
            Parallel.ranges(count, grain: Parallel.smallWork) { range, _ in
                apus_activation_gradient(
                    operands[0].floats, operands[2].floats, function, operands[2].floats, Int64(range.lowerBound),
                    Int64(range.upperBound))
            }
        }
    }
}
