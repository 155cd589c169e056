/// max(v, ε) for variances v, through which the gradient passes as if it were v (the clamp of
/// `torch.nn.functional.gaussian_nll_loss`).
///
/// Shape rule: the input's shape. A negative element is an error when it is computed.
public struct VarianceFloor: Primitive {
    public static let name = "gaussian_nll_loss"
    public let epsilon: Double

    public init(_ epsilon: Double) { self.epsilon = epsilon }

    public var gradientName: String { "CloneBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard inputs[0].dtype.isFloatingPoint else {
            throw TensorError(
                name,
                "the variance \(inputs[0].shape.brackets) is \(inputs[0].dtype). Expected real numbers: use "
                    + ".cast(to: .float32).")
        }
        return [inputs[0]]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] { [context.cotangent()] }

    /// The error of a negative element.
    public func negative(_ value: Double, at position: Int) -> TensorError {
        TensorError(
            name,
            "element \(position) of the variance is \(value). Expected 0 or greater numbers: use softplus or exp to "
                + "make them.")
    }
}
