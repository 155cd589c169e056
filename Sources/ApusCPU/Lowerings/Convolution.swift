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
        guard step.isSupportedConvolution else { return nil }
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
        guard step.isSupportedConvolution else { return nil }
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
