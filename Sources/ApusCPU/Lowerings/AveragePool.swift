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
        guard pool.isSupported(step.inputs[0], input: inputShape) else { return nil }
        guard let kind = LanesKind(step.inputs[0]) else { return .plain(step) }
        return StepLayouts(inputs: [step.inputs[0].layout], outputs: [try kind.layout(step.outputs[0].spec)])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard pool.isSupported(step.inputs[0], input: inputShape) else { return nil }
        let (dy, dx) = (step.inputs[0], step.outputs[0])
        let (countsPadding, divisor) = (Int32(pool.countIncludePad ? 1 : 0), Int64(pool.divisorOverride ?? 0))
        if let kind = LanesKind(dy) {
            let lanes = PoolingLanes(kind, pool.geometry, input: dx.spec.shape, output: dy.spec.shape)
            return PreparedStep(kernel: "lanes") { operands, _ in
                lanes.inParallel { pooling, begin, end in
                    apus_lanes_average_pool_backward(
                        pooling, countsPadding, divisor, operands[0].floats, operands[1].floats, begin, end)
                }
            }
        }
        return PoolingPlanes(pool.geometry, input: dx.spec.shape, output: dy.spec.shape)
            .averageGradient(countIncludePad: pool.countIncludePad, divisor: pool.divisorOverride ?? 0)
    }
}
