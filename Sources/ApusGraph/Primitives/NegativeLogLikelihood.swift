/// −w[t] · x[n, t] for each sample's class t, and the weight w[t] itself.
///
/// Inputs: x [N, C, …], the classes t [N, …] as `int64` and, where `isWeighted`, w [C]. Both results are [N, …]; they
/// are 0 where t is `ignoreIndex`, if there is one. Another class outside of 0 ..< C is an error when it is computed.
public struct NegativeLogLikelihood: Primitive {
    public static let name = "nll_loss"
    public let ignoreIndex: Int?
    public let isWeighted: Bool

    public init(ignoreIndex: Int?, isWeighted: Bool) {
        self.ignoreIndex = ignoreIndex
        self.isWeighted = isWeighted
    }

    public var gradientName: String { "NllLossBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let (x, target) = (inputs[0], inputs[1])
        guard x.shape.rank >= 2 else {
            throw TensorError(name, "the input \(x.shape.brackets) needs two or more dimensions: [N, C, …].")
        }
        guard target.dtype == .int64 else {
            throw TensorError(name, "the classes are \(target.dtype). They must be int64: use .cast(to: .int64).")
        }
        let expected = x.shape.without(dimension: 1)
        guard target.shape == expected else {
            throw TensorError(
                name,
                "the input \(x.shape.brackets) asks for classes of shape \(expected.brackets), but they "
                    + "have shape \(target.shape.brackets).")
        }
        if isWeighted, inputs[2].shape != [x.shape[1]] {
            throw TensorError(
                name,
                "the weight \(inputs[2].shape.brackets) must have one element for each of the "
                    + "\(x.shape[1]) classes.")
        }
        let result = TensorSpec(target.shape, x.dtype, x.device)
        return [result, result]
    }

    /// The error of a class outside of 0 ..< `count`, the `flat`-th of classes of shape `shape`.
    public func outOfRange(_ picked: Int64, at flat: Int, in shape: Shape, classes count: Int) -> TensorError {
        let position = zip(shape.rowMajorStrides, shape.dimensions).map { flat / $0 % $1 }
        let name = position.count == 1 ? "\(position[0])" : "\(position)"
        let ignored = ignoreIndex.map { "; \($0) is ignored" } ?? ""
        return TensorError(
            self.name,
            "the class \(picked) of sample \(name) is out of range for \(count) classes. Classes count from 0 to "
                + "\(count - 1)\(ignored).")
    }

    public var gradientReads: GradientReads { GradientReads(inputs: isWeighted ? [1, 2] : [1]) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let primitive = NegativeLogLikelihoodGradient(self, inputShape: context.inputSpec(0).shape)
        let weight = isWeighted ? [context.input(2)] : []
        let gradient = Tensor.record(primitive, [context.cotangent(0), context.input(1)] + weight)[0]
        return [gradient, nil] + (isWeighted ? [nil] : [])
    }
}

/// The gradient of ``NegativeLogLikelihood`` by x: −w[t] · dy[n] at [n, t], 0 elsewhere.
///
/// Inputs: dy [N, …], the classes [N, …] and the weight. Shape rule: `inputShape` [N, C, …].
public struct NegativeLogLikelihoodGradient: Primitive {
    public static let name = "nll_loss gradient"
    public let loss: NegativeLogLikelihood
    public let inputShape: Shape

    public init(_ loss: NegativeLogLikelihood, inputShape: Shape) {
        self.loss = loss
        self.inputShape = inputShape
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(inputShape, inputs[0].dtype, inputs[0].device)]
    }

    public var gradientReads: GradientReads { GradientReads(inputs: loss.isWeighted ? [1, 2] : [1]) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let weight = loss.isWeighted ? [context.input(2)] : []
        let picked = Tensor.record(loss, [context.cotangent(), context.input(1)] + weight)[0]
        return [picked, nil] + (loss.isWeighted ? [nil] : [])
    }
}
