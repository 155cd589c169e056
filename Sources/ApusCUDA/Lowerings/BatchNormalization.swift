import ApusGraph
import ApusPlan

/// How the elements of [N, C, …] are spread over the GPU (see ``KernelSource/batchNormalization``).
private struct ChannelChunks: Sendable {
    /// A channel of so many elements, or fewer, is read by one block: one kernel then does all.
    private static let oneBlock = 16_384
    /// The elements of a block, where there are several for a channel; at least.
    private static let grain = 4096
    /// About how many blocks fill a large GPU some times over.
    private static let manyBlocks = 2048
    /// The threads of a block, where there are several for a channel, and the most chunks of one.
    private static let threads = 256

    let dtype: DType
    let channels: Int
    let planes: Int
    /// The packs of a plane, of `width` elements each.
    let packs: Int
    let width: Int
    /// How many blocks share a channel, and the packs of each.
    let blocks: Int
    let size: Int

    init(_ spec: TensorSpec, oneBlock: Int = oneBlock) throws {
        let shape = spec.shape
        dtype = spec.dtype
        guard dtype.isFloatingPoint else {
            throw TensorError("batch_norm", "the input is \(dtype). Cast it to .float32.")
        }
        (planes, channels) = (shape[0], shape[1])
        let plane = shape.dimensions.dropFirst(2).reduce(1, *)
        let bytes = 16
        width = plane * dtype.byteCount % bytes == 0 ? bytes / dtype.byteCount : 1
        packs = plane / width
        let all = planes * packs
        var blocks = 1
        if all * width > oneBlock {
            blocks = min(all * width / Self.grain, max(1, Self.manyBlocks / max(channels, 1)), Self.threads)
        }
        size = max(1, (all + blocks - 1) / max(blocks, 1))
        self.blocks = max(1, (all + size - 1) / size)
    }

    func kernel(_ name: String) -> CUDAKernel {
        let index = KernelDivision.indexType(below: max(planes * channels * packs, channels))
        return CUDAKernel(
            .batchNormalization, name, types: ["T": dtype], macros: ["V": "\(width)", "I": index])
    }

    /// Working memory for some numbers of each chunk.
    func scratchBytes(numbers: Int) -> Int { numbers * channels * blocks * dtype.byteCount }

    /// Starts a kernel with a block for each chunk; behind the given arguments come the chunks'.
    func launch(_ kernel: CUDAKernel, on device: CUDADevice, _ arguments: [KernelArgument]) throws {
        guard channels > 0 else { return }
        let chunks: [KernelArgument] = [
            .int(channels), .int(planes), .int(packs), .int(KernelDivision.magic(packs)), .int(size),
        ]
        // One block has more threads where the channel has work for them.
        let wanted = (planes * packs / 2 + 31) / 32 * 32
        let threads = blocks > 1 ? Self.threads : min(max(wanted, 64), 1024)
        try kernel.launch(
            on: device, grid: (channels * blocks, 1, 1), block: (threads, 1, 1), sharedBytes: 0, arguments + chunks)
    }
}

extension BatchNormalization: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try lowerForward(self, addsInput: false, relu: false, step, on: device)
    }
}

extension FusedBatchNormalization: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try lowerForward(norm, addsInput: addsInput, relu: true, step, on: device)
    }
}

/// The forward pass, with a tensor that is added and ReLU behind it where asked for.
private func lowerForward(
    _ norm: BatchNormalization, addsInput: Bool, relu: Bool, _ step: StepDescription, on device: CUDADevice
) throws -> PreparedStep {
    let chunks = try ChannelChunks(step.inputs[0].spec)
    let (isAffine, epsilon, first) = (norm.isAffine, norm.epsilon, step.inputs.count)
    let arguments: @Sendable (Operands) -> [KernelArgument] = { operands in
        [
            .address(operands[0]), isAffine ? .address(operands[1]) : .int(0),
            isAffine ? .address(operands[2]) : .int(0), addsInput ? .address(operands[first - 1]) : .int(0),
            .address(operands[first]), .address(operands[first + 1]), .address(operands[first + 2]),
            .address(operands[first + 3]), .double(epsilon), .int(relu ? 1 : 0),
        ]
    }
    guard chunks.blocks > 1 else {
        let kernel = chunks.kernel("batch_norm")
        return PreparedStep(kernel: "batch norm of whole channels") { operands, _ in
            try chunks.launch(kernel, on: device, arguments(operands))
        }
    }
    let (moments, finish) = (chunks.kernel("batch_norm_moments"), chunks.kernel("batch_norm_finish"))
    return PreparedStep(kernel: "batch norm of chunks", scratchBytes: chunks.scratchBytes(numbers: 3)) {
        operands, scratch in
        try chunks.launch(moments, on: device, [.address(operands[0]), .address(scratch)])
        try chunks.launch(
            finish, on: device, arguments(operands) + [.address(scratch), .int(chunks.blocks)])
    }
}

extension ChannelNormalization: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        // No sums over a channel: blocks are as small as makes sense.
        let chunks = try ChannelChunks(step.inputs[0].spec, oneBlock: 4096)
        let kernel = chunks.kernel("channel_norm")
        return PreparedStep(kernel: "channel norm") { operands, _ in
            try chunks.launch(kernel, on: device, operands.prefix(6).map { .address($0) })
        }
    }
}

extension BatchNormalizationGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try lowerGradient(self, relu: false, step, on: device)
    }
}

extension FusedBatchNormalizationGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try lowerGradient(gradient, relu: true, step, on: device)
    }
}

/// The gradient; with ReLU the sixth input is the result of the forward pass.
private func lowerGradient(
    _ gradient: BatchNormalizationGradient, relu: Bool, _ step: StepDescription, on device: CUDADevice
) throws -> PreparedStep {
    let chunks = try ChannelChunks(step.inputs[1].spec)
    let (usesBatchStatistics, first) = (gradient.usesBatchStatistics, step.inputs.count)
    let arguments: @Sendable (Operands) -> [KernelArgument] = { operands in
        operands.prefix(5).map { .address($0) } + [
            relu ? .address(operands[5]) : .int(0), .address(operands[first]), .address(operands[first + 1]),
            .address(operands[first + 2]), .int(usesBatchStatistics ? 1 : 0),
        ]
    }
    guard chunks.blocks > 1 else {
        let kernel = chunks.kernel("batch_norm_gradient")
        return PreparedStep(kernel: "batch norm gradient of whole channels") { operands, _ in
            try chunks.launch(kernel, on: device, arguments(operands))
        }
    }
    let (sums, finish) = (chunks.kernel("batch_norm_gradient_sums"), chunks.kernel("batch_norm_gradient_finish"))
    return PreparedStep(kernel: "batch norm gradient of chunks", scratchBytes: chunks.scratchBytes(numbers: 2)) {
        operands, scratch in
        let result: KernelArgument = relu ? .address(operands[5]) : .int(0)
        try chunks.launch(
            sums, on: device,
            [.address(operands[0]), .address(operands[1]), .address(operands[2]), result, .address(scratch)])
        try chunks.launch(finish, on: device, arguments(operands) + [.address(scratch), .int(chunks.blocks)])
    }
}
