import ApusGraph
import ApusPlan

/// A primitive that a GPU computes: by cuDNN, by cuBLASLt, or by kernels of our own.
///
/// Each file of `Lowerings/` makes the primitives of the file of that name in `ApusGraph/Primitives` or `ApusPlan/Fused`
/// conform. All primitives do: there is no fallback to the CPU.
protocol CUDALowerable: Primitive {
    /// The layouts that suit the step (see ``Backend/layouts(for:)``), of those that ``CUDALayout`` can say.
    ///
    /// Needs no GPU; where there is one, it may ask what the GPU and its libraries can compute.
    func layouts(for step: StepDescription, on device: CUDADevice) throws -> StepLayouts

    /// The step, ready to be put into the device's queue any number of times.
    ///
    /// Throws a ``TensorError`` for types and attributes that the primitive does not admit. Kernels are compiled when
    /// they first run, so that plans can be made and printed without a GPU.
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep
}

extension CUDALowerable {
    func layouts(for step: StepDescription, on device: CUDADevice) throws -> StepLayouts { .plain(step) }
}

/// Computes on one NVIDIA GPU.
///
/// The steps' operands and scratch memory are addresses in the GPU's memory. Running a step puts its work into the
/// device's queue and returns: what kernels meet that cannot be computed is reported when a value is read.
public struct CUDABackend: Backend {
    public let device: CUDADevice

    public init(_ device: CUDADevice) { self.device = device }

    public var name: String { "cuda" }

    public func canFuse(_ step: StepDescription) -> Bool {
        switch step.primitive {
        case is FusedBatchNormalization, is FusedBatchNormalizationGradient: true
        default: false
        }
    }

    public func layouts(for step: StepDescription) throws -> StepLayouts? {
        try (step.primitive as? any CUDALowerable)?.layouts(for: step, on: device)
    }

    public func prepare(_ step: StepDescription) throws -> PreparedStep? {
        try (step.primitive as? any CUDALowerable)?.lower(step, on: device)
    }
}
