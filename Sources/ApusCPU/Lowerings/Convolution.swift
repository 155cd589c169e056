import ApusGraph
import ApusPlan
import CKernels
import COneDNN

extension Convolution: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        try ConvolutionForward(self, activation: nil).layouts(for: step)
    }
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        try ConvolutionForward(self, activation: nil).lower(step)
    }
}

extension FusedConvolution: CPULowerable {
    private var forward: ConvolutionForward {
        ConvolutionForward(convolution, addsInput: addsInput, activation: activation)
    }
    func layouts(for step: StepDescription) throws -> StepLayouts? { try forward.layouts(for: step) }
    func lower(_ step: StepDescription) throws -> PreparedStep? { try forward.lower(step) }
}

extension ConvolutionGeometry {
    /// The weight's sizes as oneDNN wants them: [G, O / G, C / G, …] where there are groups.
    fileprivate func weightSizes(_ weight: Shape) -> [Int] {
        groups == 1 ? weight.dimensions : [groups, weight[0] / groups] + weight.dimensions.dropFirst()
    }

    /// Stride, dilation and the padding on both sides. oneDNN derives the output's size from the padding after the
    /// last element, so that a remainder that no window reaches is taken away there.
    func oneDNN(input: Shape, weight: Shape, output: Shape) -> OneDNNWindow {
        OneDNNWindow(
            stride: stride.map(Int64.init), dilation: dilation.map(Int64.init),
            paddingBegin: paddingBefore.map(Int64.init),
            paddingEnd: (0..<spatialRank).map { index in
                let reach = dilation[index] * (weight[index + 2] - 1) + 1
                return Int64((output[index + 2] - 1) * stride[index] + reach - input[index + 2] - paddingBefore[index])
            })
    }
}

extension ConvolutionGeometry {
    /// The kernel that oneDNN made, unless it is none to be used; nil asks for ``PlaneConvolution``.
    ///
    /// Those are oneDNN's reference, what it refuses altogether (an output padding beyond the stride), and its matrix
    /// products for convolutions with groups, one small product a group: 1 to 9 GFLOP/s where ours reach 20 to 90.
    fileprivate func usable(_ handle: OpaquePointer?) -> OneDNNPrimitive? {
        guard handle != nil, let primitive = try? OneDNNPrimitive(handle), !primitive.isReference else { return nil }
        return groups > 1 && primitive.implementation.contains("gemm") ? nil : primitive
    }
}

struct OneDNNWindow {
    var stride: [Int64]
    var dilation: [Int64]
    var paddingBegin: [Int64]
    var paddingEnd: [Int64]
}

/// What all three directions share: types and sizes that oneDNN computes.
private func isSupported(_ step: StepDescription) -> Bool {
    (step.inputs + step.outputs).allSatisfy { $0.spec.dtype == .float32 && $0.spec.shape.elementCount > 0 }
}

private struct ConvolutionForward {
    let convolution: Convolution
    /// Whether the last input is added to the result.
    let addsInput: Bool
    let activation: Activation?
    var geometry: ConvolutionGeometry { convolution.geometry }

    init(_ convolution: Convolution, addsInput: Bool = false, activation: Activation?) {
        (self.convolution, self.addsInput, self.activation) = (convolution, addsInput, activation)
    }

    private func hasBias(_ step: StepDescription) -> Bool { step.inputs.count - (addsInput ? 1 : 0) == 3 }

    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard isSupported(step) else { return nil }
        let (x, weight) = (step.inputs[0].spec, step.inputs[1].spec.shape)
        try CPUInfo.check(convolution.precision, of: convolution.name)
        if convolution.precision == .bfloat16 {
            let primitive = try make(
                step, x: .any(x.shape.dimensions, .bfloat16), weight: .any(geometry.weightSizes(weight), .bfloat16),
                y: .any(step.outputs[0].spec.shape.dimensions))
            if let primitive { return try layouts(of: primitive, step) }
        }
        if LanesPolicy.prefers(geometry, x: x, weight: weight) {
            return layouts(step, image: .lanes(x.shape), result: .lanes(step.outputs[0].spec.shape))
        }
        if let winograd = winograd(step) {
            return layouts(
                step, image: try winograd.layout(x.shape), result: try winograd.layout(step.outputs[0].spec.shape))
        }
        if let blocks = blocks(step) { return try blocks.layouts(step, hasBias: hasBias(step)) }
        guard
            let primitive = try make(
                step, x: .any(x.shape.dimensions), weight: .any(geometry.weightSizes(weight)),
                y: .any(step.outputs[0].spec.shape.dimensions))
        else { return .plain(step) }
        return try layouts(of: primitive, step)
    }

    private func layouts(of primitive: OneDNNPrimitive, _ step: StepDescription) throws -> StepLayouts {
        layouts(
            step, image: try primitive.layout(.source), weight: try primitive.layout(.weights),
            result: try primitive.layout(.destination))
    }

    /// What is added to the result lies as that does.
    private func layouts(
        _ step: StepDescription, image: PhysicalLayout, weight: PhysicalLayout = .plain, result: PhysicalLayout
    ) -> StepLayouts {
        let inputs = [image, weight] + (hasBias(step) ? [.plain] : []) + (addsInput ? [result] : [])
        return StepLayouts(inputs: inputs, outputs: [result])
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard isSupported(step) else { return nil }
        let hasBias = hasBias(step)
        if step.outputs[0].layout.isLanes {
            guard addsInput else { return lowerToLanes(step, activation) }
            return ConvolutionSum(step, activation).behind(lowerToLanes(step, nil))
        }
        if !step.inputs[0].layout.isBFloat16 {
            if let winograd = winograd(step) {
                return WinogradConvolution(winograd, turned: false).step(
                    hasBias: hasBias, addsInput: addsInput, activation: activation.lanes)
            }
            if let blocks = blocks(step) {
                return blocks.step(hasBias: hasBias, addsInput: addsInput, activation: activation.lanes)
            }
        }
        let (x, y) = (step.inputs[0], step.outputs[0])
        let weight = try step.inputs[1].oneDNNDescriptor(geometry.weightSizes(step.inputs[1].spec.shape))
        func make(_ operations: ApusPostOperations) throws -> OneDNNPrimitive? {
            try self.make(step, x: x.oneDNNDescriptor(), weight: weight, y: y.oneDNNDescriptor(), operations)
        }
        let roles: [ApusArgumentRole] = [.source, .weights] + (hasBias ? [.bias] : []) + [.destination]
        guard addsInput else {
            return try make(postOperations)?.step(roles) ?? planes(step, activation)
        }
        let sum = ConvolutionSum(step, activation)
        if let primitive = try make(postOperations) { return sum.before(primitive, roles) }
        return sum.behind(try make(Activation?.none.oneDNN)?.step(roles) ?? planes(step, nil))
    }

    private func planes(_ step: StepDescription, _ activation: Activation?) throws -> PreparedStep {
        let (x, weight, y) = (step.inputs[0].spec.shape, step.inputs[1].spec.shape, step.outputs[0].spec)
        return try PlaneConvolution(geometry, x: x, weight: weight, y: y.shape).forward(
            hasBias: hasBias(step), activation, y.shape)
    }

    private func winograd(_ step: StepDescription) -> ApusWinograd? {
        WinogradPolicy.convolution(
            geometry, x: step.inputs[0].spec.shape, weight: step.inputs[1].spec.shape, y: step.outputs[0].spec.shape)
    }

    private func blocks(_ step: StepDescription) -> BlockConvolution? {
        .preferred(
            geometry, x: step.inputs[0].spec.shape, weight: step.inputs[1].spec.shape, y: step.outputs[0].spec.shape)
    }

    private var postOperations: ApusPostOperations {
        var operations = activation.oneDNN
        (operations.sum, operations.sumScale) = (addsInput, 1)
        return operations
    }

    private func make(
        _ step: StepDescription, x: OneDNNDescriptor, weight: OneDNNDescriptor, y: OneDNNDescriptor,
        _ operations: ApusPostOperations? = nil
    ) throws -> OneDNNPrimitive? {
        let window = geometry.oneDNN(
            input: step.inputs[0].spec.shape, weight: step.inputs[1].spec.shape, output: step.outputs[0].spec.shape)
        let bias = hasBias(step) ? try OneDNNDescriptor.plain(step.inputs[2].spec.shape.dimensions) : nil
        return geometry.usable(
            apus_onednn_convolution_forward(
                x.handle, weight.handle, bias?.handle, y.handle, window.stride, window.dilation, window.paddingBegin,
                window.paddingEnd, .direct, true, operations ?? postOperations))
    }

    private func lowerToLanes(_ step: StepDescription, _ activation: Activation?) -> PreparedStep {
        let convolution = LanesPolicy.convolution(
            geometry, x: step.inputs[0].spec.shape, weight: step.inputs[1].spec.shape, y: step.outputs[0].spec.shape)
        let (weight, y) = (step.inputs[1].spec.shape, step.outputs[0].spec.shape)
        let tasks = LanesTasks(images: y[0], rows: y[2], rowWork: y[3] * weight.elementCount)
        let hasBias = hasBias(step)
        let activation = activation.lanes
        return PreparedStep(kernel: "lanes") { operands, _ in
            let bias = hasBias ? operands[2].floats : nil
            let output = operands[hasBias ? 3 : 2].floats
            tasks.run { rows in
                withUnsafePointer(to: convolution) {
                    apus_lanes_convolution_forward(
                        $0, operands[0].floats, operands[1].floats, bias, activation, output,
                        Int64(rows.lowerBound), Int64(rows.upperBound))
                }
            }
        }
    }
}

extension ConvolutionInputGradient: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        guard isSupported(step) else { return nil }
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
        guard isSupported(step) else { return nil }
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
        guard isSupported(step) else { return nil }
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
        guard isSupported(step) else { return nil }
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

extension Activation? {
    var oneDNN: ApusPostOperations {
        var operations = ApusPostOperations()
        switch self {
        case .relu: operations.activation = .reLU
        case .sigmoid: operations.activation = .sigmoid
        case .tanh: operations.activation = .tanh
        case nil: operations.activation = .none
        }
        return operations
    }

    var lanes: CKernels.ApusActivation {
        switch self {
        case .relu: ApusActivationRelu
        case .sigmoid: ApusActivationSigmoid
        case .tanh: ApusActivationTanh
        case nil: ApusActivationNone
        }
    }
}
