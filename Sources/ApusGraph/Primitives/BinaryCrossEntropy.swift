/// −y · max(log x, −100) − (1 − y) · max(log(1 − x), −100) for probabilities x of yes and truths y.
///
/// Inputs: x and y, real, of one shape, which is that of the result. An element outside of 0 ... 1 is an error when it
/// is computed. A primitive because of that check, and because PyTorch's gradient is not that of the formula where the
/// logarithms are cut: (x − y) / max(x · (1 − x), 10⁻¹²).
public struct BinaryCrossEntropy: Primitive {
    public static let name = "binary_cross_entropy"

    public init() {}

    public var gradientName: String { "BinaryCrossEntropyBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let (x, y) = (inputs[0], inputs[1])
        guard x.dtype.isFloatingPoint, x.dtype == y.dtype else {
            throw TensorError(
                name,
                "the input \(x.shape.brackets) is \(x.dtype), the target \(y.shape.brackets) \(y.dtype). Both must be "
                    + "real numbers of one type: use .cast(to: .float32).")
        }
        guard x.shape == y.shape else {
            throw TensorError(
                name, "the input \(x.shape.brackets) and the target \(y.shape.brackets) must have one shape.")
        }
        return [x]
    }

    public var gradientReads: GradientReads { .inputs(0, 1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let (x, y, dy) = (context.input(0), context.input(1), context.cotangent())
        let byInput = context.needs(0) ? dy * ((x - y) / ((1 - x) * x).maximum(1e-12)) : nil
        let byTarget = context.needs(1) ? dy * ((-x).log1p() - x.log()) : nil
        return [byInput, byTarget]
    }

    /// The error of an element outside of 0 ... 1.
    public func outOfRange(_ value: Double, at position: Int, isTarget: Bool) -> TensorError {
        TensorError(
            name,
            "element \(position) of the \(isTarget ? "target" : "input") is \(value). Expected probabilities in 0 ... 1"
                + (isTarget
                    ? "." : ": the input is the output of a sigmoid. Use binaryCrossEntropyWithLogits for others."))
    }
}
