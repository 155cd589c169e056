import ApusGraph

/// How the elements of [N, H, W, C] are spread over the GPU (see ``KernelSource/channelsLast``): rows of C elements, of
/// which a thread computes `width` neighbours in each row of a chunk.
struct ChannelRows: Sendable {
    private static let threads = 256
    /// About how many blocks fill a large GPU.
    private static let manyBlocks = 1024
    /// The least rows of a thread, where there are several chunks.
    private static let grain = 4

    let channels: Int
    private let rows: Int
    private let width: Int
    private let packs: Int
    private let lanes: Int
    private let chunks: Int
    private let size: Int

    /// - Parameters:
    ///   - shape: [N, C, H, W], as the plan has it.
    init(_ shape: Shape) {
        channels = shape[1]
        rows = channels > 0 ? shape.elementCount / channels : 0
        width = [8, 4, 2, 1].first { shape[1] % $0 == 0 } ?? 1
        packs = channels / width
        var lanes = 1
        while lanes < min(packs, 32) { lanes *= 2 }
        self.lanes = lanes
        let tiles = (packs + lanes - 1) / lanes
        let most = rows / (Self.threads / lanes * Self.grain)
        let wanted = max(1, min(most, Self.manyBlocks / max(tiles, 1)))
        size = max(1, (rows + wanted - 1) / wanted)
        chunks = max(1, (rows + size - 1) / size)
    }

    /// A kernel for tensors that lie as given: x, dy, what is added or ReLU's result, and the result.
    func kernel(
        _ name: String, x: CUDALayout = .channelsLast, dy: CUDALayout = .channelsLast, z: CUDALayout = .channelsLast,
        y: CUDALayout = .channelsLast
    ) -> CUDAKernel {
        CUDAKernel(
            .channelsLast, name,
            macros: [
                "X": x.elementName, "G": dy.elementName, "Z": z.elementName, "Y": y.elementName, "V": "\(width)",
                "I": ElementBits.indexName(count: channels * rows),
            ])
    }

    /// Working memory for so many numbers of each channel in each chunk.
    func scratchBytes(numbers: Int) -> Int { numbers * 4 * channels * chunks }

    /// Starts a kernel over all elements; behind the given arguments come the rows'.
    func launch(_ kernel: CUDAKernel, on device: CUDADevice, _ arguments: [KernelArgument]) throws {
        guard channels > 0 else { return }
        try kernel.launch(
            on: device, grid: ((packs + lanes - 1) / lanes, chunks, 1), block: (lanes, Self.threads / lanes, 1),
            sharedBytes: 0, arguments + [.int(rows), .int(packs), .int(size)])
    }

    /// Starts a kernel that combines the chunks of each channel; between the given arguments come the numbers of both.
    func launchCombine(
        _ kernel: CUDAKernel, on device: CUDADevice, _ arguments: [KernelArgument], _ last: [KernelArgument] = []
    ) throws {
        guard channels > 0 else { return }
        try kernel.launch(
            on: device, grid: ((channels + 31) / 32, 1, 1), block: (32, 32, 1), sharedBytes: 0,
            arguments + [.int(chunks), .int(channels)] + last)
    }
}

/// Adds a bias to each channel of a result of 16 bits with channels last, and applies an activation, in one pass.
struct ChannelsLastBias: Sendable {
    private let rows: ChannelRows
    private let kernel: CUDAKernel?
    private let activation: Int

    init(_ shape: Shape, _ half: HalfType, hasBias: Bool, activation: Int) {
        rows = ChannelRows(shape)
        self.activation = activation
        kernel =
            hasBias || activation != 0
            ? rows.kernel("apply", x: .channelsLast(half), y: .channelsLast(half)) : nil
    }

    func run(_ y: UnsafeMutableRawPointer, bias: UnsafeMutableRawPointer?, on device: CUDADevice) throws {
        guard let kernel else { return }
        try rows.launch(
            kernel, on: device,
            [
                .address(y), .int(0), .int(0), .int(0), bias.map { .address($0) } ?? .int(0), .int(0), .address(y),
                .int(activation),
            ])
    }
}

/// The gradient of a bias: the sums over each channel of dy, which lies as numbers of 16 bits with channels last.
struct ChannelsLastSum: Sendable {
    private let rows: ChannelRows
    private let sums: CUDAKernel
    private let combine: CUDAKernel

    /// - Parameters:
    ///   - shape: dy's, [N, C, H, W].
    ///   - half: what dy's numbers are kept as.
    init(_ shape: Shape, _ half: HalfType) {
        rows = ChannelRows(shape)
        sums = rows.kernel("sums", dy: .channelsLast(half))
        combine = rows.kernel("sums_combine", dy: .channelsLast(half))
    }

    var scratchBytes: Int { rows.scratchBytes(numbers: 2) }

    func run(
        _ dy: UnsafeMutableRawPointer, _ result: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer,
        on device: CUDADevice
    ) throws {
        try rows.launch(sums, on: device, [.address(dy), .int(0), .int(0), .int(0), .address(scratch)])
        try rows.launchCombine(combine, on: device, [.address(scratch), .int(0), .int(0), .address(result)])
    }
}
