import ApusGraph

/// Batch normalisation, a tensor added to it (the shortcut of a residual block), and ReLU in one pass.
///
/// Inputs: as of ``BatchNormalization``, then z like x where `addsInput`. Results: as of ``BatchNormalization``, with
/// max(y + z, 0) in the place of y.
public struct FusedBatchNormalization: Primitive {
    public static let name = "batch_norm+relu"
    public let norm: BatchNormalization
    public let addsInput: Bool

    public init(_ norm: BatchNormalization, addsInput: Bool) {
        (self.norm, self.addsInput) = (norm, addsInput)
    }

    public var name: String { addsInput ? "batch_norm+add+relu" : Self.name }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        try norm.infer(addsInput ? inputs.dropLast() : inputs)
    }
}

/// The gradients of ``FusedBatchNormalization`` without an added tensor: ReLU's gradient is not stored.
///
/// Inputs: as of ``BatchNormalizationGradient``, then the result of the forward pass, [N, C, …]; dy counts where that is
/// above 0. Results: as of ``BatchNormalizationGradient``.
public struct FusedBatchNormalizationGradient: Primitive {
    public static let name = "batch_norm+relu gradient"
    public let gradient: BatchNormalizationGradient

    public init(_ gradient: BatchNormalizationGradient) { self.gradient = gradient }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        try gradient.infer(inputs.dropLast())
    }
}
