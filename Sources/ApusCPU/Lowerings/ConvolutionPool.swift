import ApusGraph
import ApusPlan
import CKernels

extension FusedConvolutionPool: CPULowerable {
    /// Where the convolution runs in lanes, windows of 2×2 do not overlap, and only gradients read the positions.
    func hasLanesKernel(_ step: StepDescription) -> Bool {
        let geometry = pool.geometry
        let positions = step.uses[1]
        return geometry.kernelSize == [2, 2] && geometry.stride == [2, 2] && geometry.padding == [0, 0]
            && geometry.dilation == [1, 1] && !geometry.ceilMode
            && !convolution.precision.isHalf
            && LanesPolicy.prefers(convolution.geometry, x: step.inputs[0].spec, weight: step.inputs[1].spec.shape)
            && !positions.outlivesPlan && positions.readers.allSatisfy { $0 is MaxPoolGradient }
    }

    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard hasLanesKernel(step) else { return nil }
        return StepLayouts(
            inputs: [.lanes(step.inputs[0].spec.shape)] + step.inputs.dropFirst().map { _ in .plain },
            outputs: [
                .lanes(step.outputs[0].spec.shape), LanesKind.images.windowLayout(step.outputs[1].spec),
            ])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard step.outputs[0].layout.isLanes else { return nil }
        let (x, weight) = (step.inputs[0].spec, step.inputs[1].spec)
        let y = try convolution.infer(step.inputs.map(\.spec))[0].shape
        let sizes = LanesPolicy.convolution(convolution.geometry, x: x.shape, weight: weight.shape, y: y)
        let tasks = LanesTasks(images: y[0], rows: y[2] / 2, rowWork: 2 * y[3] * weight.shape.elementCount)
        let hasBias = step.inputs.count == 3
        let first = step.inputs.count
        let activation = activation.lanes
        return PreparedStep(kernel: "lanes") { operands, _ in
            let bias = hasBias ? operands[2].floats : nil
            let windows = operands[first + 1].assumingMemoryBound(to: UInt8.self)
            tasks.run { rows in
                withUnsafePointer(to: sizes) {
                    apus_lanes_convolution_pool_forward(
                        $0, operands[0].floats, operands[1].floats, bias, activation, operands[first].floats, windows,
                        Int64(rows.lowerBound), Int64(rows.upperBound))
                }
            }
        }
    }
}
