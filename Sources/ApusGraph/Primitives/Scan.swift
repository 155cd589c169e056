/// The running sum or product along a dimension.
///
/// Shape rule: the input's shape. Integers and truths give `int64`, as in PyTorch.
public struct Scan: Primitive {
    public enum Kind: String, Sendable, Hashable {
        case sum = "cumsum"
        case product = "cumprod"
    }

    public static let name = "cumsum"
    public let kind: Kind
    public let dimension: Int
    /// Whether it runs from the last element to the first.
    public let isReversed: Bool

    public init(_ kind: Kind, _ dimension: Int, isReversed: Bool = false) {
        self.kind = kind
        self.dimension = dimension
        self.isReversed = isReversed
    }

    public var name: String { kind.rawValue }
    public var gradientName: String { kind == .sum ? "CumsumBackward0" : "CumprodBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let input = inputs[0]
        return [TensorSpec(input.shape, input.dtype.isFloatingPoint ? input.dtype : .int64, input.device)]
    }

    public var gradientReads: GradientReads {
        kind == .sum ? .nothing : GradientReads(inputs: [0], outputs: [0])
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        switch kind {
        case .sum: return [.record(Scan(.sum, dimension, isReversed: !isReversed), dy)]
        case .product: return [productGradient(context.input(0), context.output(), dy)]
        }
    }

    /// Σ_{j ≥ i} dy_j · Π_{l ≤ j, l ≠ i} x_l, which exists where elements are 0 too.
    private func productGradient(_ x: Tensor, _ y: Tensor, _ dy: Tensor) -> Tensor {
        if GradientMode.isEnabled { return smoothProductGradient(x, dy) }
        let backwards = Scan(.sum, dimension, isReversed: !isReversed)
        let isZero = x .== 0
        // The number of zeros so far: 0 before the first one, 1 up to the second.
        let zeros = Tensor.record(Scan(.sum, dimension, isReversed: isReversed), isZero.cast(to: dy.dtype))
        let isFirstZero = isZero.logicalAnd(zeros .== 1)
        let withoutFirst = Tensor.record(self, x.maskedFill(isFirstZero, 1))
        let atFirst = Tensor.record(backwards, (dy * withoutFirst).maskedFill(zeros .!= 1, 0))
        let before = Tensor.record(backwards, dy * y) / x.maskedFill(isZero, 1)
        let zero = Tensor.zeros([], dtype: dy.dtype)
        return before.where(zeros .== 0, else: atFirst.where(isFirstZero, else: zero))
    }

    /// The same as operations that have the right gradients at zeros too: for each of n elements a product of n factors
    /// in which that element counts as 1.
    private func smoothProductGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
        let count = x.shape[dimension]
        let rows = x.transpose(dimension, -1).unsqueeze(dim: -2)
        let square = Shape(rows.shape.dimensions.dropLast(2) + [count, count])
        let positions = Tensor.arange(count)
        let (own, other) = (positions.unsqueeze(dim: 1), positions)
        let others = Tensor.record(
            Scan(.product, square.rank - 1, isReversed: isReversed), rows.expand(square).maskedFill(own .== other, 1))
        let isBefore = isReversed ? other .> own : other .< own
        let terms = (others * dy.transpose(dimension, -1).unsqueeze(dim: -2)).maskedFill(isBefore, 0)
        return terms.sum(dim: -1).transpose(dimension, -1)
    }
}

extension Tensor {
    private func scan(_ kind: Scan.Kind, _ dim: Int) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let dimension = try shape.resolve(dimension: dim, operation: kind.rawValue)
            guard rank > 0 else { return Tensor.record(Scan(kind, 0), reshape(1)).reshape([]) }
            return .record(Scan(kind, dimension), self)
        }
    }

    /// The running sum along `dim`: yᵢ = x₀ + … + xᵢ (`torch.cumsum`). [.., S, ..] → the same shape; integers and
    /// truths give `int64`.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    public func cumsum(dim: Int) -> Tensor { scan(.sum, dim) }

    /// The running product along `dim`: yᵢ = x₀ · … · xᵢ (`torch.cumprod`). [.., S, ..] → the same shape; integers and
    /// truths give `int64`. The gradient is right where elements are 0, too.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    public func cumprod(dim: Int) -> Tensor { scan(.product, dim) }
}
