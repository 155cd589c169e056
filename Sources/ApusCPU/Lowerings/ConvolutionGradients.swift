import ApusGraph
import ApusPlan
import CKernels
import COneDNN

extension ConvolutionInputGradient: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard step.isSupportedConvolution else { return nil }
        let (dy, weight, dx) = (step.inputs[0].spec, step.inputs[1].spec.shape, step.outputs[0].spec)
        try CPUInfo.check(precision, of: name)
        if precision == .bfloat16 {
            let primitive = try make(
                step, dy: .any(dy.shape.dimensions, .bfloat16), weight: .any(geometry.weightSizes(weight), .bfloat16),
                dx: .any(dx.shape.dimensions))
            if let primitive, let layouts = try layouts(of: primitive, step) { return layouts }
        }
        if LanesPolicy.prefers(geometry, x: dx, weight: weight), LanesPolicy.fits(dy) {
            return StepLayouts(
                inputs: [.lanes(dy.shape)] + step.inputs.dropFirst().map { _ in .plain }, outputs: [.lanes(dx.shape)])
        }
        if let winograd = winograd(step) {
            return StepLayouts(
                inputs: [try winograd.layout(dy.shape)] + step.inputs.dropFirst().map { _ in .plain },
                outputs: [try winograd.layout(dx.shape)])
        }
        if let blocks = blocks(step) { return try blocks.layouts(step, hasBias: step.inputs.count == 3) }
        guard
            let primitive = try make(
                step, dy: .any(dy.shape.dimensions), weight: .any(geometry.weightSizes(weight)),
                dx: .any(dx.shape.dimensions))
        else { return .plain(step) }
        return try layouts(of: primitive, step) ?? .plain(step)
    }

    private func layouts(of primitive: OneDNNPrimitive, _ step: StepDescription) throws -> StepLayouts? {
        let result = try primitive.layout(.gradientSource)
        // The bias is added by a loop of ours, which knows rows and blocks of channels.
        if step.inputs.count == 3, ChannelBias(inputShape, result) == nil { return nil }
        return StepLayouts(
            inputs: [try primitive.layout(.gradientDestination), try primitive.layout(.weights)]
                + step.inputs.dropFirst(2).map { _ in .plain },
            outputs: [result])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard step.isSupportedConvolution else { return nil }
        if step.outputs[0].layout.isLanes { return lowerToLanes(step) }
        if !step.inputs[0].layout.isBFloat16 {
            if let winograd = winograd(step) {
                return WinogradConvolution(winograd.inputGradient, turned: true).step(hasBias: step.inputs.count == 3)
            }
            if let blocks = blocks(step) { return blocks.step(hasBias: step.inputs.count == 3) }
        }
        guard
            let primitive = try make(
                step, dy: step.inputs[0].oneDNNDescriptor(),
                weight: step.inputs[1].oneDNNDescriptor(geometry.weightSizes(step.inputs[1].spec.shape)),
                dx: step.outputs[0].oneDNNDescriptor())
        else {
            let weight = step.inputs[1].spec.shape
            return PlaneConvolution(geometry, x: inputShape, weight: weight, y: step.inputs[0].spec.shape)
                .inputGradient(step)
        }
        guard step.inputs.count == 3 else {
            return primitive.step([.gradientDestination, .weights, .gradientSource])
        }
        let prepared = primitive.step([.gradientDestination, .weights, nil, .gradientSource])
        return ChannelBias(inputShape, step.outputs[0].layout)?.added(to: prepared)
    }

    private func winograd(_ step: StepDescription) -> ApusWinograd? {
        WinogradPolicy.convolution(
            geometry, x: inputShape, weight: step.inputs[1].spec.shape, y: step.inputs[0].spec.shape)
    }

    private func blocks(_ step: StepDescription) -> BlockConvolution? {
        .preferredGradient(
            geometry, x: inputShape, weight: step.inputs[1].spec.shape, y: step.inputs[0].spec.shape)
    }

    private func make(
        _ step: StepDescription, dy: OneDNNDescriptor, weight: OneDNNDescriptor, dx: OneDNNDescriptor
    ) throws -> OneDNNPrimitive? {
        let window = geometry.oneDNN(
            input: inputShape, weight: step.inputs[1].spec.shape, output: step.inputs[0].spec.shape)
        return geometry.usable(
            apus_onednn_convolution_backward_data(
                dx.handle, weight.handle, dy.handle, window.stride, window.dilation, window.paddingBegin,
                window.paddingEnd, .direct))
    }

    private func lowerToLanes(_ step: StepDescription) -> PreparedStep {
        let convolution = LanesPolicy.convolution(
            geometry, x: inputShape, weight: step.inputs[1].spec.shape, y: step.inputs[0].spec.shape)
        let (dy, weight) = (step.inputs[0].spec.shape, step.inputs[1].spec.shape)
        let tasks = LanesTasks(
            images: dy[0], rows: inputShape[2], rowWork: dy[3] * dy[2] * weight.elementCount / inputShape[2])
        let dx = step.inputs.count
        let prepared = PreparedStep(kernel: "lanes") { operands, _ in
            tasks.run { rows in
                withUnsafePointer(to: convolution) {
                    apus_lanes_convolution_input_gradient(
                        $0, operands[0].floats, operands[1].floats, operands[dx].floats,
                        Int64(rows.lowerBound), Int64(rows.upperBound))
                }
            }
        }
        return dx == 2 ? prepared : ChannelBias(lanes: inputShape).added(to: prepared)
    }
}

extension ConvolutionWeightGradient: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard step.isSupportedConvolution else { return nil }
        let (x, dy) = (step.inputs[0].spec, step.inputs[1].spec)
        try CPUInfo.check(precision, of: name)
        if precision == .bfloat16 {
            let primitive = try make(
                step, x: .any(x.shape.dimensions, .bfloat16), dy: .any(dy.shape.dimensions, .bfloat16),
                weight: .any(geometry.weightSizes(weightShape)))
            if let primitive { return try layouts(of: primitive) }
        }
        if LanesPolicy.prefers(geometry, x: x, weight: weightShape), LanesPolicy.fits(dy) {
            return StepLayouts(
                inputs: [.lanes(x.shape), .lanes(dy.shape)], outputs: step.outputs.map { _ in .plain })
        }
        if let winograd = try winograd(step) {
            return StepLayouts(
                inputs: [try winograd.layout(x.shape), try winograd.layout(dy.shape)],
                outputs: step.outputs.map { _ in .plain })
        }
        if let blocks = try blocks(step) { return try blocks.layouts(step) }
        guard
            let primitive = try make(
                step, x: .any(x.shape.dimensions), dy: .any(dy.shape.dimensions),
                weight: .any(geometry.weightSizes(weightShape)))
        else { return .plain(step) }
        return try layouts(of: primitive)
    }

    private func layouts(of primitive: OneDNNPrimitive) throws -> StepLayouts {
        StepLayouts(
            inputs: [try primitive.layout(.source), try primitive.layout(.gradientDestination)],
            outputs: [try primitive.layout(.gradientWeights)] + (withBias ? [.plain] : []))
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard step.isSupportedConvolution else { return nil }
        if step.inputs[0].layout.isLanes { return lowerToLanes(step) }
        if !step.inputs[0].layout.isBFloat16 {
            if let winograd = try winograd(step) { return WinogradFilterGradient(winograd).step(withBias: withBias) }
            if let blocks = try blocks(step) { return blocks.step(withBias: withBias) }
        }
        guard
            let primitive = try make(
                step, x: step.inputs[0].oneDNNDescriptor(), dy: step.inputs[1].oneDNNDescriptor(),
                weight: step.outputs[0].oneDNNDescriptor(geometry.weightSizes(weightShape)))
        else {
            let (x, dy) = (step.inputs[0].spec.shape, step.inputs[1].spec.shape)
            return PlaneConvolution(geometry, x: x, weight: weightShape, y: dy).weightGradient(withBias: withBias)
        }
        return primitive.step([.source, .gradientDestination, .gradientWeights] + (withBias ? [.gradientBias] : []))
    }

    private func winograd(_ step: StepDescription) throws -> ApusWinograd? {
        let (x, y) = (step.inputs[0].spec.shape, step.inputs[1].spec.shape)
        if let faster = WinogradPolicy.convolution(geometry, x: x, weight: weightShape, y: y) { return faster }
        // Better than oneDNN's matrix products, too, where there are no kernels in blocks.
        guard !BlockWeightGradient.supports(geometry, x: x, weight: weightShape),
            let sizes = WinogradPolicy.supported(geometry, x: x, weight: weightShape, y: y)
        else { return nil }
        return try usesGemm(step) ? sizes : nil
    }

    private func blocks(_ step: StepDescription) throws -> BlockWeightGradient? {
        try .preferred(
            geometry, x: step.inputs[0].spec.shape, weight: weightShape, y: step.inputs[1].spec.shape,
            usesGemm: { try usesGemm(step) })
    }

    /// Whether oneDNN would multiply matrices image by image, as for planes of 2×2 and less: 512 → 512 channels of 3×3 on
    /// planes of 1×1 and 256 images take those 143 ms, and a fifth of it by Winograd's filtering.
    private func usesGemm(_ step: StepDescription) throws -> Bool {
        let (x, y) = (step.inputs[0].spec.shape, step.inputs[1].spec.shape)
        let primitive = try make(
            step, x: .any(x.dimensions), dy: .any(y.dimensions), weight: .any(geometry.weightSizes(weightShape)))
        return primitive?.implementation.contains("gemm") == true
    }

    private func make(
        _ step: StepDescription, x: OneDNNDescriptor, dy: OneDNNDescriptor, weight: OneDNNDescriptor
    ) throws -> OneDNNPrimitive? {
        let window = geometry.oneDNN(
            input: step.inputs[0].spec.shape, weight: weightShape, output: step.inputs[1].spec.shape)
        let bias = withBias ? try OneDNNDescriptor.plain([weightShape[0]]) : nil
        return geometry.usable(
            apus_onednn_convolution_backward_weights(
                x.handle, weight.handle, bias?.handle, dy.handle, window.stride, window.dilation, window.paddingBegin,
                window.paddingEnd, .direct))
    }

    /// The batch is cut into a fixed number of chunks, each with a sum of its own, so that the bits do not depend on
    /// the number of threads.
    private func lowerToLanes(_ step: StepDescription) -> PreparedStep {
        let convolution = LanesPolicy.convolution(
            geometry, x: step.inputs[0].spec.shape, weight: weightShape, y: step.inputs[1].spec.shape)
        let dyShape = step.inputs[1].spec.shape
        let vectors = LanesKind.vectors(images: dyShape[0])
        let groups = vectors.count
        let features = dyShape.elementCount / dyShape[0]
        let lastImages = dyShape[0] - (groups - 1) * Int(APUS_LANES)
        let width = Int(apus_kernels_vector_width())
        let size = Int(withUnsafePointer(to: convolution) { apus_lanes_weight_accumulator_size($0) })
        // Eight chunks keep eight threads busy; each costs one more accumulator to clear and to sum.
        let count = min(groups, 8)
        let chunks = (0..<count).map { groups * $0 / count..<groups * ($0 + 1) / count }
        let channelWork = dyShape[2] * dyShape[3] * weightShape.dimensions.dropFirst().reduce(1, *)
        let tasks = LanesTasks(
            costs: chunks.map { vectors[$0].reduce(0, +) }, units: dyShape[1], vectorWork: channelWork * width)
        let sums = weightShape.elementCount + (withBias ? weightShape[0] : 0)
        let withBias = withBias
        return PreparedStep(kernel: "lanes", scratchBytes: count * size * MemoryLayout<Float>.stride) {
            operands, scratch in
            let accumulators = scratch.floats
            if lastImages % width != 0 {
                // What stands for no image must not count. Nobody else reads it.
                let last = operands[1].floats + (groups - 1) * features * Int(APUS_LANES)
                Parallel.ranges(features, grain: Parallel.smallWork / Int(APUS_LANES)) { range, _ in
                    apus_lanes_clear(
                        last, Int64(lastImages), Int64(range.lowerBound), Int64(range.upperBound))
                }
            }
            tasks.runParts { chunk, channels in
                withUnsafePointer(to: convolution) {
                    apus_lanes_convolution_weight_gradient(
                        $0, operands[0].floats, operands[1].floats, accumulators + chunk * size,
                        Int64(chunks[chunk].lowerBound), Int64(chunks[chunk].upperBound),
                        Int64(channels.lowerBound), Int64(channels.upperBound))
                }
            }
            Parallel.ranges(sums, grain: Parallel.smallWork / (width * count)) { range, _ in
                withUnsafePointer(to: convolution) {
                    apus_lanes_weight_gradient_finish(
                        $0, accumulators, Int64(count), operands[2].floats, withBias ? operands[3].floats : nil,
                        Int64(range.lowerBound), Int64(range.upperBound))
                }
            }
        }
    }
}
