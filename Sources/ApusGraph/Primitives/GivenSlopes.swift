/// A value whose slopes by some tensors are given, element by element, instead of following from how it was computed.
///
/// Inputs: the value y, then pairs of a slope sₖ and the tensor xₖ. Result: y, and ∂y / ∂xₖ = sₖ. The formula of a
/// value that neither overflows nor cancels is often not the one of its slope: softplus and its sigmoid. Slopes are
/// recorded as functions of xₖ, so that their own gradients are right. No step runs: the engine puts y in the place of
/// the result.
public struct GivenSlopes: Primitive {
    public static let name = "given slopes"

    public init() {}

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        precondition(inputs.count % 2 == 1, "\(name) takes a value and pairs of a slope and a tensor")
        for input in inputs where input.dtype != inputs[0].dtype {
            throw TensorError(name, "the value is \(inputs[0].dtype), a slope or tensor \(input.dtype).")
        }
        return [inputs[0]]
    }

    /// The slopes, of which there are at most two.
    public var gradientReads: GradientReads { .inputs(1, 3) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        return (0..<context.inputCount).map { index in
            guard index > 0, index % 2 == 0, context.needs(index) else { return nil }
            return (dy * context.input(index - 1)).sum(to: context.inputSpec(index).shape)
        }
    }
}

extension Tensor {
    /// A value whose slopes by other tensors are given instead of following from how it was computed: [*] → [*] (no
    /// name in PyTorch; see ``GivenSlopes``).
    ///
    /// - Parameters:
    ///   - slope: ∂y / ∂x of the first.
    ///   - first: x.
    ///   - second: a second slope and what it is by; `nil`, none, by default.
    ///   - value: makes y, which takes no gradient itself.
    public static func given(
        slope: Tensor, by first: Tensor, and second: (slope: Tensor, by: Tensor)? = nil, of value: () -> Tensor
    ) -> Tensor {
        let value = noGrad(value)
        return .record(GivenSlopes(), [value, slope, first] + (second.map { [$0.slope, $0.by] } ?? []))[0]
    }
}
