/// Sets elements to zero at random and scales the rest, x · mask / (1 − p) (Srivastava et al. 2014).
///
/// Inputs: x, and the stream's seed and position as `int64` [2] (see ``RandomNumbers``); element i is kept where number
/// i mod 4 of block i / 4 lies below (1 − p) · 2³². Shape rule: that of x. What is dropped is x · 0, which is NaN for
/// infinities and NaN, as in PyTorch. The mask is a function of the position, so that the gradient makes it again
/// instead of keeping it.
public struct RandomDropout: Primitive {
    public static let name = "dropout"
    /// The probability of a zero, 0 ≤ p ≤ 1.
    public let probability: Double

    public init(_ probability: Double) { self.probability = probability }

    /// What numbers of 32 bits of kept elements lie below.
    public var threshold: UInt64 { RandomNumbers.threshold(1 - probability) }

    /// What kept elements are multiplied by; 0 where none is kept.
    public var scale: Double { probability < 1 ? 1 / (1 - probability) : 0 }

    public var gradientName: String { "MulBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard probability >= 0, probability <= 1 else {
            throw TensorError(name, "the probability p is \(probability). Expected 0 to 1.")
        }
        guard inputs[0].dtype.isFloatingPoint else {
            throw TensorError(name, "the input is \(inputs[0].dtype). Cast it to .float32.")
        }
        return [inputs[0]]
    }

    public var gradientReads: GradientReads { .inputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [.record(self, context.cotangent(), context.input(1)), nil]
    }
}
