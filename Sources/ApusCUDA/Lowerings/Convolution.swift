import ApusGraph
import ApusPlan

extension Convolution: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try lowerForward(self, activation: nil, step, on: device)
    }
}

extension FusedConvolution: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try lowerForward(convolution, activation: activation, step, on: device)
    }
}

extension FusedConvolutionPool: CUDALowerable {
    /// The backend never asks for it (``CUDABackend/canFuse(_:)``).
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        throw TensorError(name, "a convolution and its pooling are two steps on a GPU, not one.")
    }
}

/// A bias and an activation are one pass over the result.
private func lowerForward(
    _ convolution: Convolution, activation: Activation?, _ step: StepDescription, on device: CUDADevice
) throws -> PreparedStep {
    let (x, weight, y) = (step.inputs[0].spec, step.inputs[1].spec, step.outputs[0].spec)
    let product = try ConvolutionProduct(
        .forward,
        ConvolutionShapes(
            geometry: convolution.geometry, x: x.shape, weight: weight.shape, y: y.shape, dtype: y.dtype), on: device)
    let hasBias = step.inputs.count > 2
    let bias = ChannelBias(y.shape, hasBias: hasBias, activation: activation, dtype: y.dtype)
    return PreparedStep(kernel: product.name, scratchBytes: product.scratchBytes) { operands, scratch in
        let result = operands[hasBias ? 3 : 2]
        try product.run(operands[0], operands[1], result, scratch)
        try bias.run(result, bias: hasBias ? operands[2] : nil, on: device)
    }
}

extension ConvolutionInputGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (dy, weight, dx) = (step.inputs[0].spec, step.inputs[1].spec, step.outputs[0].spec)
        let product = try ConvolutionProduct(
            .inputGradient,
            ConvolutionShapes(
                geometry: geometry, x: dx.shape, weight: weight.shape, y: dy.shape, dtype: dx.dtype), on: device)
        let hasBias = step.inputs.count > 2
        let bias = ChannelBias(dx.shape, hasBias: hasBias, activation: nil, dtype: dx.dtype)
        return PreparedStep(kernel: product.name, scratchBytes: product.scratchBytes) { operands, scratch in
            let result = operands[hasBias ? 3 : 2]
            try product.run(operands[0], operands[1], result, scratch)
            try bias.run(result, bias: hasBias ? operands[2] : nil, on: device)
        }
    }
}

extension ConvolutionWeightGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (x, dy) = (step.inputs[0].spec, step.inputs[1].spec)
        let product = try ConvolutionProduct(
            .weightGradient,
            ConvolutionShapes(geometry: geometry, x: x.shape, weight: weightShape, y: dy.shape, dtype: x.dtype),
            on: device)
        guard withBias else {
            return PreparedStep(kernel: product.name, scratchBytes: product.scratchBytes) { operands, scratch in
                try product.run(operands[0], operands[1], operands[2], scratch)
            }
        }
        let sum = ChannelSum(dy.shape, dtype: dy.dtype)
        let scratchBytes = max(product.scratchBytes, sum.scratchBytes)
        return PreparedStep(kernel: product.name, scratchBytes: scratchBytes) { operands, scratch in
            try product.run(operands[0], operands[1], operands[2], scratch)
            try sum.run(operands[1], operands[3], scratch: scratch, on: device)
        }
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

    /// The most working memory that an algorithm may use, as a part of the GPU's.
    private static let workspacePart = 32

    init(_ direction: ConvolutionDirection, _ shapes: ConvolutionShapes, on device: CUDADevice) throws {
        (self.direction, self.device) = (direction, device)
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
            guard try run(convolution, padded, first, second, result, scratch) else { fallthrough }
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
