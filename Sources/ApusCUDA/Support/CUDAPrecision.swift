import ApusGraph
import ApusPlan
import Foundation

/// How a GPU multiplies factors of `float32`.
enum FactorType: Hashable, Sendable {
    /// As they are.
    case full
    /// With 10 bits of the mantissa, where the library has such a kernel.
    case tensorFloat32
    /// As numbers of 16 bits, which is also how they lie.
    case half(HalfType)

    /// The type of 16 bits; nil for others.
    var half: HalfType? {
        guard case .half(let type) = self else { return nil }
        return type
    }
}

extension CUDADevice {
    /// `APUS_TF32=1`: products of full precision may be computed as TF32.
    private static let allowsTensorFloat32 = ProcessInfo.processInfo.environment["APUS_TF32"] == "1"

    /// What products of a precision are computed as on this GPU.
    ///
    /// Throws where the GPU has no instructions for products of `bfloat16`.
    func factors(
        _ precision: Precision, of operation: String, allowsTensorFloat32: Bool = CUDADevice.allowsTensorFloat32
    ) throws -> FactorType {
        let properties = contextIfPresent?.properties
        switch precision {
        case .full where !allowsTensorFloat32: return .full
        // Tensor cores know it from Ampere on.
        case .full, .tensorFloat32: return properties.map { $0.major < 8 } == true ? .full : .tensorFloat32
        case .bfloat16:
            if let properties, properties.major < 8 {
                throw TensorError(
                    operation,
                    "this GPU (\(properties.name)) has no instructions for bfloat16: compute capability 8.0 is needed, "
                        + "it has \(properties.major).\(properties.minor). Use float16, or leave autocast out.")
            }
            return .half(.bfloat16)
        // Every GPU that kernels are compiled for has tensor cores for it.
        case .float16: return .half(.float16)
        }
    }

    /// What the factors of a product are multiplied as, once the plan has said how they lie: those that were to have 16
    /// bits and lie as `float32` are multiplied as if nothing had been asked for.
    func factors(of step: StepDescription, _ precision: Precision) throws -> FactorType {
        if let half = step.inputs[0].layout.cuda.half { return .half(half) }
        guard step.inputs[0].spec.dtype == .float32 else { return .full }
        return try factors(precision.isHalf ? .full : precision, of: step.primitive.name)
    }
}
