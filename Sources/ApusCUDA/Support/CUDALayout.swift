import ApusGraph
import ApusPlan

/// A type of 16 bits that numbers of `float32` are kept as, and multiplied as.
enum HalfType: String, CaseIterable, Sendable {
    case bfloat16
    case float16

    /// How kernels that include ``KernelHalf`` name it.
    var kernelName: String {
        switch self {
        case .bfloat16: "BFloat16"
        case .float16: "Float16"
        }
    }
}

/// A layout in a GPU's memory: the order of the elements, and how much of each is kept.
///
/// Steps of lower precision (``/ApusGraph/autocast(_:_:)``) ask for others than the plain one. The tensor's own type stays
/// `float32`.
struct CUDALayout: Hashable, Sendable {
    /// Whether the elements of [N, C, H, W] lie as [N, H, W, C], and a filter's as that of such images.
    var isChannelsLast = false
    /// What numbers of `float32` are kept as; nil where they are kept as they are.
    var half: HalfType?

    /// In the usual order, as numbers of 16 bits.
    static func plain(_ half: HalfType) -> CUDALayout { CUDALayout(half: half) }
    static let channelsLast = CUDALayout(isChannelsLast: true)
    /// With channels last, as numbers of 16 bits.
    static func channelsLast(_ half: HalfType) -> CUDALayout { CUDALayout(isChannelsLast: true, half: half) }

    /// As a layout of the plan, for a tensor of that shape.
    func physical(_ shape: Shape) -> PhysicalLayout {
        guard self != CUDALayout() else { return .plain }
        let name = (isChannelsLast ? ["nhwc"] : []) + (half.map { [$0.rawValue] } ?? [])
        return PhysicalLayout(
            name: name.joined(separator: " "), byteCount: half == nil ? nil : 2 * shape.elementCount)
    }

    /// The bytes of an element.
    func byteCount(_ dtype: DType) -> Int { half == nil ? dtype.byteCount : 2 }

    /// How kernels that include ``KernelHalf`` name what `float32` is kept as.
    var elementName: String { half?.kernelName ?? "float" }
}

extension PhysicalLayout {
    /// The layout in CUDA's terms; the plain one has neither property.
    var cuda: CUDALayout {
        let words = name.split(separator: " ").map(String.init)
        return CUDALayout(isChannelsLast: words.first == "nhwc", half: words.last.flatMap(HalfType.init))
    }
}
