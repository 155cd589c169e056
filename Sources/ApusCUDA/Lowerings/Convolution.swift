import ApusGraph
import ApusPlan
import Foundation
import Synchronization

extension Convolution: CUDALowerable {
    func layouts(for step: StepDescription, on device: CUDADevice) throws -> StepLayouts {
        try forwardLayouts(self, step, on: device)
    }

    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try lowerForward(self, activation: nil, step, on: device)
    }
}

extension FusedConvolution: CUDALowerable {
    /// With a tensor that is added the convolution is computed in full precision: sums have no kernel for `bfloat16`.
    func layouts(for step: StepDescription, on device: CUDADevice) throws -> StepLayouts {
        addsInput ? .plain(step) : try forwardLayouts(convolution, step, on: device)
    }

    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try lowerForward(convolution, addsInput: addsInput, activation: activation, step, on: device)
    }
}

extension FusedConvolutionPool: CUDALowerable {
    /// The backend never asks for it (``CUDABackend/canFuse(_:)``).
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        throw TensorError(name, "a convolution and its pooling are two steps on a GPU, not one.")
    }
}

private func forwardLayouts(
    _ convolution: Convolution, _ step: StepDescription, on device: CUDADevice
) throws -> StepLayouts {
    let shapes = ConvolutionShapes(
        geometry: convolution.geometry, x: step.inputs[0].spec.shape, weight: step.inputs[1].spec.shape,
        y: step.outputs[0].spec.shape, dtype: step.outputs[0].spec.dtype)
    let half = try ConvolutionProduct.half(.forward, shapes, convolution.precision, of: convolution.name, on: device)
    return half.map { .factors(step, $0, result: .channelsLast($0)) } ?? .plain(step)
}

/// A bias, a sum and an activation are one pass over the result. With a sum the convolution goes into the working memory:
/// the result may stand in the memory of what is added.
private func lowerForward(
    _ convolution: Convolution, addsInput: Bool = false, activation: Activation?, _ step: StepDescription,
    on device: CUDADevice
) throws -> PreparedStep {
    let (x, weight, y) = (step.inputs[0].spec, step.inputs[1].spec, step.outputs[0].spec)
    let factors = try device.factors(of: step, convolution.precision)
    let product = try ConvolutionProduct(
        .forward,
        ConvolutionShapes(
            geometry: convolution.geometry, x: x.shape, weight: weight.shape, y: y.shape, dtype: y.dtype,
            factors: factors), on: device)
    let hasBias = step.inputs.count - (addsInput ? 1 : 0) > 2
    if let half = factors.half { return product.step(half, hasBias: hasBias, activation, y.shape) }
    let bias = ChannelBias(
        y.shape, hasBias: hasBias, addsInput: addsInput, activation: activation, dtype: y.dtype)
    let result = step.inputs.count
    // As the blocks of the plan's memory lie.
    let offset = addsInput ? (y.byteCount + 255) / 256 * 256 : 0
    return PreparedStep(kernel: product.name, scratchBytes: offset + product.scratchBytes) { operands, scratch in
        let convolved = addsInput ? scratch : operands[result]
        try product.run(operands[0], operands[1], convolved, scratch + offset)
        try bias.run(
            operands[result], from: convolved, bias: hasBias ? operands[2] : nil,
            addend: addsInput ? operands[result - 1] : nil, on: device)
    }
}

extension ConvolutionInputGradient: CUDALowerable {
    private func shapes(_ step: StepDescription, _ factors: FactorType) -> ConvolutionShapes {
        ConvolutionShapes(
            geometry: geometry, x: step.outputs[0].spec.shape, weight: step.inputs[1].spec.shape,
            y: step.inputs[0].spec.shape, dtype: step.outputs[0].spec.dtype, factors: factors)
    }

    func layouts(for step: StepDescription, on device: CUDADevice) throws -> StepLayouts {
        let half = try ConvolutionProduct.half(.inputGradient, shapes(step, .full), precision, of: name, on: device)
        return half.map { .factors(step, $0, result: .channelsLast($0)) } ?? .plain(step)
    }

    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let shapes = shapes(step, try device.factors(of: step, precision))
        let product = try ConvolutionProduct(.inputGradient, shapes, on: device)
        let hasBias = step.inputs.count > 2
        if let half = shapes.half { return product.step(half, hasBias: hasBias, nil, shapes.x) }
        let bias = ChannelBias(shapes.x, hasBias: hasBias, activation: nil, dtype: shapes.dtype)
        return PreparedStep(kernel: product.name, scratchBytes: product.scratchBytes) { operands, scratch in
            let result = operands[hasBias ? 3 : 2]
            try product.run(operands[0], operands[1], result, scratch)
            try bias.run(result, bias: hasBias ? operands[2] : nil, on: device)
        }
    }
}

extension ConvolutionWeightGradient: CUDALowerable {
    private func shapes(_ step: StepDescription, _ factors: FactorType) -> ConvolutionShapes {
        let (x, dy) = (step.inputs[0].spec, step.inputs[1].spec)
        return ConvolutionShapes(
            geometry: geometry, x: x.shape, weight: weightShape, y: dy.shape, dtype: x.dtype, factors: factors)
    }

    /// The result is plain `float32` in any case: what reads it (an optimizer) must not take over a lower precision.
    func layouts(for step: StepDescription, on device: CUDADevice) throws -> StepLayouts {
        let half = try ConvolutionProduct.half(.weightGradient, shapes(step, .full), precision, of: name, on: device)
        return half.map { .factors(step, $0, result: CUDALayout()) } ?? .plain(step)
    }

    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let shapes = shapes(step, try device.factors(of: step, precision))
        let product = try ConvolutionProduct(.weightGradient, shapes, on: device)
        if let half = shapes.half { return try lower(product, half, step, on: device) }
        guard withBias else {
            return PreparedStep(kernel: product.name, scratchBytes: product.scratchBytes) { operands, scratch in
                try product.run(operands[0], operands[1], operands[2], scratch)
            }
        }
        let sum = ChannelSum(shapes.y, dtype: shapes.dtype)
        let scratchBytes = max(product.scratchBytes, sum.scratchBytes)
        return PreparedStep(kernel: product.name, scratchBytes: scratchBytes) { operands, scratch in
            try product.run(operands[0], operands[1], operands[2], scratch)
            try sum.run(operands[1], operands[3], scratch: scratch, on: device)
        }
    }

    /// The weight's gradient is computed as numbers of 16 bits, then converted.
    private func lower(
        _ product: ConvolutionProduct, _ half: HalfType, _ step: StepDescription, on device: CUDADevice
    ) throws -> PreparedStep {
        let weight = step.outputs[0].spec
        let conversion = try Reordering(weight, from: .channelsLast(half), to: CUDALayout())
        let offset = (product.scratchBytes + 255) / 256 * 256
        let sum = withBias ? ChannelsLastSum(step.inputs[1].spec.shape, half) : nil
        let scratchBytes = max(offset + 2 * weight.shape.elementCount, sum?.scratchBytes ?? 0)
        return PreparedStep(kernel: product.name, scratchBytes: scratchBytes) { operands, scratch in
            try product.run(operands[0], operands[1], scratch + offset, scratch)
            try conversion.run(scratch + offset, operands[2], on: device)
            try sum?.run(operands[1], operands[3], scratch: scratch, on: device)
        }
    }
}

extension StepLayouts {
    /// Both factors of a convolution as numbers of 16 bits with channels last, and its first result as given.
    fileprivate static func factors(_ step: StepDescription, _ half: HalfType, result: CUDALayout) -> StepLayouts {
        var layouts = StepLayouts.plain(step)
        for index in 0..<2 {
            layouts.inputs[index] = CUDALayout.channelsLast(half).physical(step.inputs[index].spec.shape)
        }
        layouts.outputs[0] = result.physical(step.outputs[0].spec.shape)
        return layouts
    }
}

/// A convolution in one direction, without bias: by cuDNN, or by kernels of our own where cuDNN has none.
private struct ConvolutionProduct: Sendable {
    private enum Way: Sendable {
        case library(CUDNNConvolution, PaddedInput?)
        case direct
        /// There is no GPU.
        case none
    }

    private let way: Way
    /// For what cuDNN refuses, now or when it runs.
    private let direct: DirectConvolution
    private let direction: ConvolutionDirection
    private let device: CUDADevice
    private let refusal: RefusalNote

    /// The most working memory that an algorithm may use, as a part of the GPU's.
    private static let workspacePart = 32

    init(_ direction: ConvolutionDirection, _ shapes: ConvolutionShapes, on device: CUDADevice) throws {
        (self.direction, self.device) = (direction, device)
        refusal = RefusalNote("\(direction) of \(shapes.x.brackets) and \(shapes.weight.brackets)")
        direct = try DirectConvolution(direction, shapes)
        let padded = shapes.isSymmetric ? nil : PaddedInput(shapes)
        let planned = padded?.shapes ?? shapes
        guard shapes.suitsCUDNN, planned.suitsCUDNN, !shapes.isDepthwise else {
            way = .direct
            return
        }
        guard let context = device.contextIfPresent else {
            way = .none
            return
        }
        try context.makeCurrent()
        let library = try CUDNNConvolution(
            context.cudnn(), direction, planned, workspaceLimit: context.properties.memoryBytes / Self.workspacePart)
        way = library.map { .library($0, padded) } ?? .direct
    }

    /// The numbers of 16 bits by which a convolution is to be computed: where it was recorded so, has two dimensions, and
    /// cuDNN has such an algorithm. nil for others, which are computed in full precision.
    static func half(
        _ direction: ConvolutionDirection, _ shapes: ConvolutionShapes, _ precision: Precision, of name: String,
        on device: CUDADevice
    ) throws -> HalfType? {
        guard shapes.dtype == .float32, shapes.geometry.spatialRank == 2, shapes.suitsCUDNN, shapes.isSymmetric,
            !shapes.isDepthwise, let half = try device.factors(precision, of: name).half
        else { return nil }
        guard let context = device.contextIfPresent else { return half }
        try context.makeCurrent()
        var shapes = shapes
        shapes.factors = .half(half)
        let library = try CUDNNConvolution(
            context.cudnn(), direction, shapes, workspaceLimit: context.properties.memoryBytes / Self.workspacePart)
        return library == nil ? nil : half
    }

    /// The whole step where results are numbers of 16 bits with channels last.
    func step(_ half: HalfType, hasBias: Bool, _ activation: Activation?, _ result: Shape) -> PreparedStep {
        let bias = ChannelsLastBias(result, half, hasBias: hasBias, activation: activation.kernelCode)
        return PreparedStep(kernel: "\(half) \(name)", scratchBytes: scratchBytes) { operands, scratch in
            let result = operands[hasBias ? 3 : 2]
            try run(operands[0], operands[1], result, scratch)
            try bias.run(result, bias: hasBias ? operands[2] : nil, on: device)
        }
    }

    /// For traces.
    var name: String {
        if case .direct = way { "direct" } else { "cudnn" }
    }

    /// The library's workspace, then a padded input.
    var scratchBytes: Int {
        guard case .library(let convolution, let padded) = way else { return 0 }
        guard let padded else { return convolution.workspaceBytes }
        return Self.paddedOffset(convolution) + padded.byteCount
    }

    private static func paddedOffset(_ convolution: CUDNNConvolution) -> Int {
        (convolution.workspaceBytes + 255) / 256 * 256
    }

    /// Puts the product into the queue; the operands are as of ``CUDNNConvolution/run(_:_:_:workspace:)``.
    func run(
        _ first: UnsafeMutableRawPointer, _ second: UnsafeMutableRawPointer, _ result: UnsafeMutableRawPointer,
        _ scratch: UnsafeMutableRawPointer
    ) throws {
        switch way {
        case .library(let convolution, let padded):
            guard try run(convolution, padded, first, second, result, scratch) else {
                refusal.report()
                fallthrough
            }
        case .direct: try direct.run(first, second, result, on: device)
        case .none: throw try CUDAError.planWithoutGPU(device)
        }
    }

    /// By cuDNN; false where it refuses.
    private func run(
        _ convolution: CUDNNConvolution, _ padded: PaddedInput?, _ first: UnsafeMutableRawPointer,
        _ second: UnsafeMutableRawPointer, _ result: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
    ) throws -> Bool {
        guard let padded else { return try convolution.run(first, second, result, workspace: scratch) }
        let input = scratch + Self.paddedOffset(convolution)
        guard case .inputGradient = direction else {
            try padded.pad(first, to: input, on: device)
            return try convolution.run(input, second, result, workspace: scratch)
        }
        guard try convolution.run(first, second, input, workspace: scratch) else { return false }
        try padded.crop(input, to: result, on: device)
        return true
    }
}

extension CUDAError {
    /// Why a plan that was made where there is no GPU does not run: throws the reason why there is none.
    static func planWithoutGPU(_ device: CUDADevice) throws -> CUDAError {
        _ = try device.context()
        return CUDAError("the plan was made before the GPU \(device.index) could be used. Make it again.")
    }
}

/// Says once on standard error that cuDNN refuses to run what it had offered, so that its slow replacement is no secret.
private final class RefusalNote: Sendable {
    private let subject: String
    private let isReported = Atomic<Bool>(false)

    init(_ subject: String) { self.subject = subject }

    func report() {
        guard !isReported.exchange(true, ordering: .relaxed) else { return }
        let text = "cuDNN refuses the \(subject) although it had offered an algorithm; plain sums are slower\n"
        FileHandle.standardError.write(Data(text.utf8))
    }
}
