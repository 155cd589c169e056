import ApusGraph
import ApusPlan
import CKernels
import COneDNN

extension PhysicalLayout {
    /// [N, C, H, W] as [N / 16][C][H][W][16], rounded up: sixteen images side by side in the lanes of a vector.
    static func lanes(_ shape: Shape) -> PhysicalLayout {
        PhysicalLayout(name: lanesName, byteCount: lanesElementCount(shape) * MemoryLayout<Float>.stride)
    }

    private static let lanesName = "lanes16"

    /// Whether sixteen images lie side by side.
    var isLanes: Bool { name == Self.lanesName }

    /// The elements in memory, with those of the last group that stand for no image.
    static func lanesElementCount(_ shape: Shape) -> Int {
        LanesKind.images.groups(shape) * Int(APUS_LANES) * shape.dimensions.dropFirst().reduce(1, *)
    }
}

/// The layouts whose innermost elements are independent of each other: all kernels that treat channels one by one serve
/// both.
enum LanesKind: Hashable, CaseIterable {
    /// Sixteen images: [N / 16][C][H][W][16].
    case images
    /// Blocks of channels, oneDNN's nChw16c and nChw8c: [N][C / block][H][W][block], which is one channel and
    /// N · C / block groups.
    case channels(block: Int)

    /// The blocks that our kernels read: a block is a multiple of a vector.
    private static let blocks = apus_kernels_isa() == ApusISAAVX512 ? [16] : [16, 8]

    static let allCases = [.images] + blocks.map(LanesKind.channels)

    /// nil where the value lies in another layout, or with padding.
    init?(_ value: PlannedValue) {
        guard value.spec.shape.rank == 4, value.spec.dtype == .float32 else { return nil }
        if value.layout.isLanes {
            self = .images
        } else if let descriptor = value.layout.oneDNN, Self.blocks.contains(descriptor.channelBlock),
            !descriptor.hasPadding
        {
            self = .channels(block: descriptor.channelBlock)
        } else {
            return nil
        }
    }

    /// The kind whose pooling wrote window bytes in this layout.
    init?(windows layout: PhysicalLayout) {
        guard let kind = Self.allCases.first(where: { $0.windowName == layout.name }) else { return nil }
        self = kind
    }

    private var windowName: String {
        switch self {
        case .images: "lanes16 windows"
        case .channels(let block): "nChw\(block)c windows"
        }
    }

    /// The layout of a tensor of this kind.
    func layout(_ spec: TensorSpec) throws -> PhysicalLayout {
        switch self {
        case .images: .lanes(spec.shape)
        case .channels(let block): try .channelBlocks(of: block, spec.shape)
        }
    }

    /// Positions of maxima as one byte each: the place within the window.
    func windowLayout(_ spec: TensorSpec) -> PhysicalLayout {
        switch self {
        case .images: PhysicalLayout(name: windowName, byteCount: PhysicalLayout.lanesElementCount(spec.shape))
        case .channels: PhysicalLayout(name: windowName, byteCount: spec.shape.elementCount)
        }
    }

    /// The numbers side by side.
    var lanes: Int {
        switch self {
        case .images: Int(APUS_LANES)
        case .channels(let block): block
        }
    }

    /// The vectors of each group of some images that hold one, and that convolutions compute.
    static func vectors(images: Int) -> [Int] {
        let width = Int(apus_kernels_vector_width())
        return stride(from: 0, to: images, by: Int(APUS_LANES)).map { first in
            (min(Int(APUS_LANES), images - first) + width - 1) / width
        }
    }

    func channels(_ shape: Shape) -> Int {
        switch self {
        case .images: shape[1]
        case .channels: 1
        }
    }

    func groups(_ shape: Shape) -> Int {
        switch self {
        case .images: (shape[0] + lanes - 1) / lanes
        case .channels: shape[0] * shape[1] / lanes
        }
    }
}

extension PhysicalLayout {
    /// oneDNN's nChw16c and nChw8c, with padding where the block does not divide the channels.
    static func channelBlocks(of block: Int, _ shape: Shape) throws -> PhysicalLayout {
        let sizes = shape.dimensions.map(Int64.init)
        return try OneDNNDescriptor(
            apus_memory_descriptor_create_channel_blocked(Int32(sizes.count), sizes, Int32(block), .float32)
        ).layout
    }
}

/// When the lanes layout is the better one.
enum LanesPolicy {
    /// Whether a tensor can lie in lanes: four dimensions, `float32`, and groups of sixteen images of which at most a
    /// quarter of the lanes stands for none.
    static func fits(_ spec: TensorSpec) -> Bool {
        guard spec.shape.rank == 4, spec.dtype == .float32, spec.shape.elementCount > 0 else { return false }
        let images = spec.shape[0]
        return 4 * images >= 3 * LanesKind.images.groups(spec.shape) * Int(APUS_LANES)
    }

    /// Whether a convolution should run in lanes.
    ///
    /// Below 16 input channels oneDNN's channel blocks stay partly empty: LeNet's training step (1 → 6 and 6 → 16
    /// channels, 5×5, batch 256) takes 1.8 ms in lanes and 5.1 ms in oneDNN's layouts on two cores with AVX-512. From 16
    /// channels on the blocks are full.
    static func prefers(_ geometry: ConvolutionGeometry, x: TensorSpec, weight: Shape) -> Bool {
        geometry.spatialRank == 2 && geometry.groups == 1 && geometry.dilation == [1, 1] && fits(x)
            && weight.dimensions[1] < 16 && weight.dimensions[0] <= 32
            && weight.dimensions[2] * weight.dimensions[3] * max(weight.dimensions[0], weight.dimensions[1])
                <= Int(APUS_LANES_PACKED_WEIGHTS)
    }

    static func convolution(_ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape) -> ApusLanesConvolution
    {
        ApusLanesConvolution(
            images: Int64(x[0]), inputChannels: Int32(x[1]), outputChannels: Int32(y[1]), inputHeight: Int32(x[2]),
            inputWidth: Int32(x[3]), outputHeight: Int32(y[2]), outputWidth: Int32(y[3]),
            kernelHeight: Int32(weight[2]), kernelWidth: Int32(weight[3]), strideHeight: Int32(geometry.stride[0]),
            strideWidth: Int32(geometry.stride[1]), paddingTop: Int32(geometry.paddingBefore[0]),
            paddingLeft: Int32(geometry.paddingBefore[1]))
    }
}
