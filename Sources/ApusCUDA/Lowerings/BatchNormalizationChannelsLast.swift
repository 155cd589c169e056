import ApusGraph
import ApusPlan

/// Batch normalisation of [N, C, H, W] whose elements lie as [N, H, W, C].
///
/// It is computed so where x lies so, as `float32` or as numbers of 16 bits; the result lies as x does. Statistics and parameters are
/// plain `float32`.
enum ChannelsLastNormalization {
    /// The layouts of a step whose inputs `images` are like x and whose first result is; nil where x does not lie so.
    static func layouts(_ step: StepDescription, x: Int, images: [Int]) -> StepLayouts? {
        let (spec, layout) = (step.inputs[x].spec, step.inputs[x].layout.cuda)
        guard layout.isChannelsLast, spec.dtype == .float32, spec.shape.rank == 4, spec.shape.elementCount > 0 else {
            return nil
        }
        var layouts = StepLayouts.plain(step)
        for image in [x] + images {
            let own = step.inputs[image].layout
            layouts.inputs[image] = own.cuda.isChannelsLast ? own : CUDALayout.channelsLast.physical(spec.shape)
        }
        layouts.outputs[0] = step.inputs[x].layout
        return layouts
    }

    /// The forward pass, with a tensor that is added and ReLU behind it where asked for.
    static func forward(
        _ norm: BatchNormalization, addsInput: Bool, relu: Bool, _ step: StepDescription, on device: CUDADevice
    ) -> PreparedStep {
        let rows = ChannelRows(step.inputs[0].spec.shape)
        let first = step.inputs.count
        let (x, y) = (step.inputs[0].layout.cuda, step.outputs[0].layout.cuda)
        let z = addsInput ? step.inputs[first - 1].layout.cuda : .channelsLast
        func kernel(_ name: String) -> CUDAKernel { rows.kernel(name, x: x, z: z, y: y) }
        let (moments, combine, apply) = (kernel("moments"), kernel("moments_combine"), kernel("apply"))
        let (isAffine, epsilon) = (norm.isAffine, norm.epsilon)
        return PreparedStep(kernel: "batch norm, channels last", scratchBytes: rows.scratchBytes(numbers: 3)) {
            operands, scratch in
            let results = operands[first...].map { KernelArgument.address($0) }
            try rows.launch(moments, on: device, [.address(operands[0]), .address(scratch)])
            try rows.launchCombine(
                combine, on: device, [.address(scratch), results[1], results[2], results[3]], [.double(epsilon)])
            try rows.launch(
                apply, on: device,
                [
                    .address(operands[0]), results[1], results[3], isAffine ? .address(operands[1]) : .int(0),
                    isAffine ? .address(operands[2]) : .int(0), addsInput ? .address(operands[first - 1]) : .int(0),
                    results[0], .int(relu ? Activation?.some(.relu).kernelCode : 0),
                ])
        }
    }

    /// By statistics that are given: x, mean, 1 / √(variance + ε), γ and β.
    static func given(_ step: StepDescription, on device: CUDADevice) -> PreparedStep {
        let rows = ChannelRows(step.inputs[0].spec.shape)
        let apply = rows.kernel("apply", x: step.inputs[0].layout.cuda, y: step.outputs[0].layout.cuda)
        return PreparedStep(kernel: "channel norm, channels last") { operands, _ in
            try rows.launch(
                apply, on: device,
                operands.prefix(5).map { .address($0) } + [.int(0), .address(operands[5]), .int(0)])
        }
    }

    /// The gradient; with ReLU the sixth input is the result of the forward pass.
    static func gradient(
        _ gradient: BatchNormalizationGradient, relu: Bool, _ step: StepDescription, on device: CUDADevice
    ) -> PreparedStep {
        let rows = ChannelRows(step.inputs[1].spec.shape)
        let (dy, x, dx) = (step.inputs[0].layout.cuda, step.inputs[1].layout.cuda, step.outputs[0].layout.cuda)
        let z = relu ? step.inputs[5].layout.cuda : .channelsLast
        func kernel(_ name: String) -> CUDAKernel { rows.kernel(name, x: x, dy: dy, z: z, y: dx) }
        let (sums, combine, finish) = (kernel("sums"), kernel("sums_combine"), kernel("gradient"))
        let (usesBatchStatistics, first) = (gradient.usesBatchStatistics, step.inputs.count)
        return PreparedStep(kernel: "batch norm gradient, channels last", scratchBytes: rows.scratchBytes(numbers: 2)) {
            operands, scratch in
            let arguments = operands.map { KernelArgument.address($0) }
            let result = relu ? arguments[5] : .int(0)
            try rows.launch(
                sums, on: device, [arguments[0], arguments[1], arguments[2], result, .address(scratch)])
            try rows.launchCombine(
                combine, on: device, [.address(scratch), arguments[3], arguments[first + 1], arguments[first + 2]])
            try rows.launch(
                finish, on: device,
                arguments[0..<5] + [
                    result, arguments[first], arguments[first + 1], arguments[first + 2],
                    .int(usesBatchStatistics ? 1 : 0),
                ])
        }
    }
}
