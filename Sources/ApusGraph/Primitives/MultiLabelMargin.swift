/// Σ_j Σ_i max(0, 1 − (x[n, y_j] − x[n, i])) / C for each row n, over its labels y_j and the classes i that are none.
///
/// Inputs: x [N, C] and y [N, C], `int64`, whose rows list labels up to the first −1. Result: [N]. A label outside of
/// −1 ..< C is an error when it is computed, behind the first −1 too.
public struct MultiLabelMargin: Primitive {
    public static let name = "multilabel_margin_loss"

    public init() {}

    public var gradientName: String { "MultilabelMarginLossBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let (x, target) = (inputs[0], inputs[1])
        guard x.dtype.isFloatingPoint, target.dtype == .int64 else {
            throw TensorError(
                name, "the input is \(x.dtype), the labels are \(target.dtype). Expected float32 and int64.")
        }
        guard x.shape.rank == 2, x.shape == target.shape else {
            throw TensorError(
                name,
                "the input \(x.shape.brackets) and the labels \(target.shape.brackets) must have one shape [N, C].")
        }
        return [TensorSpec([x.shape[0]], x.dtype, x.device)]
    }

    public var gradientReads: GradientReads { .inputs(0, 1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [.record(MultiLabelMarginGradient(), context.cotangent(), context.input(0), context.input(1)), nil]
    }

    /// The error of a label outside of −1 ..< C.
    public func outOfRange(_ label: Int64, row: Int, classes: Int) -> TensorError {
        TensorError(
            name,
            "the label \(label) of sample \(row) is out of range for \(classes) classes. Labels count from 0 to "
                + "\(classes - 1); -1 ends a list.")
    }
}

/// The gradient of ``MultiLabelMargin`` by x (inputs: dy [N], x [N, C] and the labels [N, C]): for each label y_j and
/// other class i whose term is not 0, −dy / C at y_j and dy / C at i.
public struct MultiLabelMarginGradient: Primitive {
    public static let name = "multilabel_margin_loss gradient"

    public init() {}

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] { [inputs[1]] }

    public var gradientReads: GradientReads { .inputs(1, 2) }

    /// The gradient is linear in dy and piecewise constant in x.
    public func gradient(_ context: GradientContext) -> [Tensor?] {
        guard context.needs(0) else { return [nil, nil, nil] }
        let (x, labels) = (context.input(1), context.input(2))
        let slopes = Tensor.record(self, .ones([x.shape[0]], dtype: x.dtype), x, labels)
        return [(slopes * context.cotangent()).sum(dim: 1), nil, nil]
    }
}
