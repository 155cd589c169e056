import ApusGraph
import ApusPlan
import CKernels
import COneDNN
import Foundation

/// A primitive that the CPU computes by a kernel of its own: oneDNN's or one of `CKernels`.
///
/// A primitive without this conformance, or for which ``lower(_:)`` gives nil, runs on the reference backend.
protocol CPULowerable: Primitive {
    /// The layouts that suit the step (see ``Backend/layouts(for:)``).
    func layouts(for step: StepDescription) throws -> StepLayouts?

    /// The step, ready to run, or nil where no kernel fits its types and attributes.
    func lower(_ step: StepDescription) throws -> PreparedStep?
}

extension CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? { .plain(step) }
}

/// Computes on the processor's cores, by oneDNN and by our own loops, on one OpenMP pool.
public struct CPUBackend: Backend {
    public var name: String { "cpu" }

    /// `APUS_MAX_ISA` limits oneDNN's generated code as it limits our own kernels; oneDNN must be told before its first
    /// use.
    public init() {
        if let limit = ProcessInfo.processInfo.environment["APUS_MAX_ISA"], apus_isa_named(limit) >= 0 {
            _ = apus_onednn_set_max_isa(limit)
        }
    }

    public func canFuse(_ step: StepDescription) -> Bool {
        switch step.primitive {
        case let fused as FusedConvolutionPool: fused.hasLanesKernel(step)
        case let fused as FusedAveragePoolGradient: fused.hasKernel(step)
        case let fused as FusedReduction: fused.hasKernel(step)
        case is FusedBatchNormalization, is FusedBatchNormalizationGradient:
            step.inputs[0].spec.dtype == .float32 && step.inputs[0].spec.shape.elementCount > 0
        default: false
        }
    }

    public func layouts(for step: StepDescription) throws -> StepLayouts? {
        try (step.primitive as? any CPULowerable)?.layouts(for: step)
    }

    public func prepare(_ step: StepDescription) throws -> PreparedStep? {
        try (step.primitive as? any CPULowerable)?.lower(step)
    }

    /// The number of threads that plans run on.
    public static var threadCount: Int { CPUInfo.threadCount }

    /// To be called once by the thread that will run plans: the number of threads belongs to it.
    public static func configureThread() { apus_set_threads(Int32(CPUInfo.threadCount)) }

    /// Ends the workers of the calling thread, which is to run no more plans.
    public static func releaseThread() { apus_release_threads() }
}
