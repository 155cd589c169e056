import ApusGraph
import ApusPlan
import CKernels
import COneDNN

extension PhysicalLayout {
    /// [N, C, H, W] as [N / 16][C][H][W][16]: sixteen images side by side in the lanes of a vector.
    static let lanes = PhysicalLayout(name: "lanes16")
}

/// The layouts whose innermost sixteen elements are independent of each other: all kernels that treat channels
/// one by one serve both.
enum LanesKind: CaseIterable {
    /// Sixteen images: [N / 16][C][H][W][16].
    case images
    /// Sixteen channels, oneDNN's nChw16c: [N][C / 16][H][W][16], which is one channel and N · C / 16 groups.
    case channels

    /// nil where the value lies in another layout, or with padding.
    init?(_ value: PlannedValue) {
        guard value.spec.shape.rank == 4, value.spec.dtype == .float32 else { return nil }
        if value.layout == .lanes {
            self = .images
        } else if let descriptor = value.layout.oneDNN, descriptor.channelBlock == Int(APUS_LANES),
            !descriptor.hasPadding
        {
            self = .channels
        } else {
            return nil
        }
    }

    /// The kind whose pooling wrote window bytes in this layout.
    init?(windows layout: PhysicalLayout) {
        guard let kind = Self.allCases.first(where: { $0.windowName == layout.name }) else { return nil }
        self = kind
    }

    private var windowName: String { self == .images ? "lanes16 windows" : "nChw16c windows" }

    /// The layout of a tensor of this kind.
    func layout(_ spec: TensorSpec) throws -> PhysicalLayout {
        switch self {
        case .images: return .lanes
        case .channels:
            let sizes = spec.shape.dimensions.map(Int64.init)
            return try OneDNNDescriptor(
                apus_memory_descriptor_create_channel_blocked(
                    Int32(sizes.count), sizes, Int32(APUS_LANES), .float32)
            ).layout
        }
    }

    /// Positions of maxima as one byte each: the place within the window.
    func windowLayout(_ spec: TensorSpec) -> PhysicalLayout {
        PhysicalLayout(name: windowName, byteCount: spec.shape.elementCount)
    }

    func channels(_ shape: Shape) -> Int { self == .images ? shape[1] : 1 }
    func groups(_ shape: Shape) -> Int {
        self == .images ? shape[0] / Int(APUS_LANES) : shape[0] * shape[1] / Int(APUS_LANES)
    }
}

/// When the lanes layout is the better one.
enum LanesPolicy {
    /// Whether a tensor can lie in lanes: four dimensions, `float32`, whole groups of sixteen images.
    static func fits(_ spec: TensorSpec) -> Bool {
        spec.shape.rank == 4 && spec.dtype == .float32 && spec.shape.dimensions[0] > 0
            && spec.shape.dimensions[0] % Int(APUS_LANES) == 0
    }

    /// Whether a convolution should run in lanes.
    ///
    /// Below 16 input channels oneDNN's channel blocks stay partly empty: LeNet's training step (1 → 6 and 6 → 16
    /// channels, 5×5, batch 256) takes 1.8 ms in lanes and 5.1 ms in oneDNN's layouts on two cores with AVX-512. From 16
    /// channels on the blocks are full.
    static func prefers(_ geometry: ConvolutionGeometry, x: TensorSpec, weight: Shape) -> Bool {
        geometry.spatialRank == 2 && geometry.groups == 1 && geometry.dilation == [1, 1] && fits(x)
            && weight.dimensions[1] < 16 && weight.dimensions[0] <= 32
    }

    static func convolution(_ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape) -> ApusLanesConvolution
    {
        ApusLanesConvolution(
            inputChannels: Int32(x[1]), outputChannels: Int32(y[1]), inputHeight: Int32(x[2]), inputWidth: Int32(x[3]),
            outputHeight: Int32(y[2]), outputWidth: Int32(y[3]), kernelHeight: Int32(weight[2]),
            kernelWidth: Int32(weight[3]), strideHeight: Int32(geometry.stride[0]),
            strideWidth: Int32(geometry.stride[1]), paddingTop: Int32(geometry.paddingBefore[0]),
            paddingLeft: Int32(geometry.paddingBefore[1]))
    }
}
