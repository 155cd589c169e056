import ApusGraph
import ApusPlan
import CKernels

extension AdaptiveAveragePool: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (x, y) = (step.inputs[0].spec, step.outputs[0].spec)
        guard x.dtype == .float32, PoolingPlanes.fits(x.shape), y.shape.elementCount > 0 else { return nil }
        let planes = x.shape[0] * x.shape[1]
        guard y.shape.elementCount > planes else { return wholeMeans(planes, x.shape.elementCount / planes) }
        return PoolingPlanes(adaptive: x.shape, output: y.shape).average(countIncludePad: false, divisor: 0)
    }
}

/// The mean of each plane, as a sum of contiguous floats.
private func wholeMeans(_ planes: Int, _ plane: Int) -> PreparedStep {
    PreparedStep(kernel: "reduce") { operands, _ in
        let (x, y) = (operands[0].floats, operands[1].floats)
        Parallel.ranges(planes, grain: max(1, Parallel.smallWork / plane)) { range, _ in
            apus_reduce(
                ApusReductionMean, x, Int64(planes), Int64(plane), 1, y + range.lowerBound, Int64(range.lowerBound),
                Int64(range.upperBound))
        }
    }
}

extension AdaptiveAveragePoolGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (dy, dx) = (step.inputs[0].spec, step.outputs[0].spec)
        guard dy.dtype == .float32, PoolingPlanes.fits(dx.shape), dy.shape.elementCount > 0 else { return nil }
        return PoolingPlanes(adaptive: dx.shape, output: dy.shape).averageGradient(countIncludePad: false, divisor: 0)
    }
}

extension AdaptiveMaxPool: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard isSupported(step) else { return nil }
        return StepLayouts(inputs: [.plain], outputs: [.plain, .positions(step.uses[1])])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard isSupported(step) else { return nil }
        return PoolingPlanes(adaptive: step.inputs[0].spec.shape, output: step.outputs[0].spec.shape)
            .maximum(positions: step.outputs[1].layout == .plain ? 2 : nil)
    }

    private func isSupported(_ step: StepDescription) -> Bool {
        step.inputs[0].spec.dtype == .float32 && PoolingPlanes.fits(step.inputs[0].spec.shape)
            && step.outputs[0].spec.shape.elementCount > 0
    }
}
