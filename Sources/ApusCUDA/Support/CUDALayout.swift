import ApusGraph
import ApusPlan

/// A layout in a GPU's memory: the order of the elements, and how much of each is kept.
///
/// Steps of lower precision (``/ApusGraph/autocast(_:_:)``) ask for others than the plain one. The tensor's own type stays
/// `float32`.
struct CUDALayout: Hashable, Sendable {
    /// Whether the elements of [N, C, H, W] lie as [N, H, W, C], and a filter's as that of such images.
    var isChannelsLast = false
    /// Whether numbers of `float32` are kept as `bfloat16`.
    var isBFloat16 = false

    static let bfloat16 = CUDALayout(isBFloat16: true)
    static let channelsLast = CUDALayout(isChannelsLast: true)
    static let channelsLastBFloat16 = CUDALayout(isChannelsLast: true, isBFloat16: true)

    /// As a layout of the plan, for a tensor of that shape.
    func physical(_ shape: Shape) -> PhysicalLayout {
        guard self != CUDALayout() else { return .plain }
        let name = (isChannelsLast ? ["nhwc"] : []) + (isBFloat16 ? ["bfloat16"] : [])
        return PhysicalLayout(
            name: name.joined(separator: " "), byteCount: isBFloat16 ? 2 * shape.elementCount : nil)
    }

    /// The bytes of an element.
    func byteCount(_ dtype: DType) -> Int { isBFloat16 ? 2 : dtype.byteCount }

    /// How kernels that include ``KernelBFloat16`` name what `float32` is kept as.
    var elementName: String { isBFloat16 ? "BFloat16" : "float" }
}

extension PhysicalLayout {
    /// The layout in CUDA's terms; the plain one has neither property.
    var cuda: CUDALayout {
        CUDALayout(isChannelsLast: name.hasPrefix("nhwc"), isBFloat16: name.hasSuffix("bfloat16"))
    }
}

extension CUDADevice {
    /// Throws where the GPU has no instructions for products of `bfloat16`.
    func checkBFloat16(_ operation: String) throws {
        guard let properties = contextIfPresent?.properties, properties.major < 8 else { return }
        throw TensorError(
            operation,
            "this GPU (\(properties.name)) has no instructions for bfloat16: compute capability 8.0 is needed, it has "
                + "\(properties.major).\(properties.minor). Leave autocast out.")
    }
}
