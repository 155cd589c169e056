/// A sum, product, extreme or truth over some dimensions.
///
/// Shape rule: the reduced dimensions become 1 where `keepDim`, else they vanish. Sums and products of integers and
/// truths are `int64`; `any` and `all` give `bool`.
public struct Reduction: Primitive {
    public enum Kind: String, Sendable, Hashable { case sum, mean, prod, amax, amin, any, all }

    public static let name = "Reduction"
    public let kind: Kind
    /// Sorted, not negative.
    public let dimensions: [Int]
    public let keepDim: Bool

    public init(_ kind: Kind, _ dimensions: [Int], keepDim: Bool) {
        self.kind = kind
        self.dimensions = dimensions
        self.keepDim = keepDim
    }

    public var name: String { kind.rawValue }
    public var gradientName: String {
        switch kind {
        case .sum: "SumBackward1"
        case .mean: "MeanBackward1"
        case .prod: "ProdBackward1"
        case .amax: "AmaxBackward0"
        case .amin: "AminBackward0"
        case .any, .all: "NotDifferentiable"
        }
    }

    /// The shape with each reduced dimension as 1.
    public func keptShape(_ shape: Shape) -> Shape {
        var kept: Shape = []
        for dimension in 0..<shape.rank { kept.append(dimensions.contains(dimension) ? 1 : shape[dimension]) }
        return kept
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let input = inputs[0]
        let type: DType
        switch kind {
        case .sum, .prod: type = input.dtype.isFloatingPoint ? input.dtype : .int64
        case .amax, .amin: type = input.dtype
        case .any, .all: type = .bool
        case .mean:
            guard input.dtype.isFloatingPoint else {
                throw TensorError(name, "the mean of \(input.dtype) is not defined. Cast to .float32 first.")
            }
            type = input.dtype
        }
        if kind == .amax || kind == .amin, dimensions.contains(where: { input.shape[$0] == 0 }) {
            throw TensorError(name, "the shape \(input.shape.brackets) has no elements to compare.")
        }
        if keepDim { return [TensorSpec(keptShape(input.shape), type, input.device)] }
        var sizes: Shape = []
        for dimension in 0..<input.shape.rank where !dimensions.contains(dimension) {
            sizes.append(input.shape[dimension])
        }
        return [TensorSpec(sizes, type, input.device)]
    }

    public var gradientReads: GradientReads {
        switch kind {
        case .prod, .amax, .amin: GradientReads(inputs: [0], outputs: [0])
        default: .nothing
        }
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let spec = context.inputSpec(0)
        let kept = keptShape(spec.shape)
        let dy = context.cotangent().reshape(kept)
        switch kind {
        case .sum: return [dy.expand(spec.shape)]
        case .mean:
            let count = dimensions.reduce(1) { $0 * spec.shape[$1] }
            return [(dy / Double(count)).expand(spec.shape)]
        case .amax, .amin:
            // Equal extremes share the gradient (`torch.amax`).
            let isExtreme = (context.input(0) .== context.output().reshape(kept)).cast(to: spec.dtype)
            let ties = isExtreme.sum(dim: dimensions, keepdim: true)
            return [isExtreme * (dy / ties)]
        case .prod: return [productGradient(context, dy)]
        case .any, .all: return [nil]
        }
    }

    /// The product of all other elements, which exists where elements are 0 too.
    private func productGradient(_ context: GradientContext, _ dy: Tensor) -> Tensor {
        let x = context.input(0)
        if GradientMode.isEnabled { return dy * productOfOthers(x) }
        let isZero = x .== 0
        let zeros = isZero.sum(dim: dimensions, keepdim: true)
        let withoutZeros = x.maskedFill(isZero, 1).prod(dim: dimensions, keepdim: true)
        let ordinary = context.output().reshape(keptShape(x.shape)) / x.maskedFill(isZero, 1)
        let atZero = withoutZeros.where(zeros .== 1, else: 0)
        return dy * atZero.where(isZero, else: ordinary)
    }

    /// For each element the product of the others, as operations that have the right gradients at zeros too: n products
    /// of n factors, in which the element itself counts as 1.
    private func productOfOthers(_ x: Tensor) -> Tensor {
        let kept = (0..<x.rank).filter { !dimensions.contains($0) }
        let order = kept + dimensions
        let moved = x.permute(order)
        let count = dimensions.reduce(1) { $0 * x.shape[$1] }
        let rows = kept.reduce(1) { $0 * x.shape[$1] }
        let positions = Tensor.arange(count)
        let isSelf = positions.unsqueeze(dim: 1) .== positions
        let others = moved.reshape(rows, 1, count).expand(rows, count, count).maskedFill(isSelf, 1).prod(dim: 2)
        var inverse = order
        for (position, dimension) in order.enumerated() { inverse[dimension] = position }
        return others.reshape(moved.shape).permute(inverse)
    }
}

extension Tensor {
    private func reduce(
        _ kind: Reduction.Kind, _ dim: [Int]?, keepdim: Bool, gradientName: String? = nil
    ) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let dimensions = try shape.resolve(dimensions: dim, operation: kind.rawValue)
            return .record(Reduction(kind, dimensions, keepDim: keepdim), self, gradientName: gradientName)
        }
    }

    /// The sum (`torch.sum`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar. Integers and truths are summed
    /// as `int64`.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func sum(dim: [Int]? = nil, keepdim: Bool = false) -> Tensor {
        reduce(.sum, dim, keepdim: keepdim, gradientName: dim == nil ? "SumBackward0" : nil)
    }
    /// The sum along one dimension (`torch.sum`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func sum(dim: Int, keepdim: Bool = false) -> Tensor { sum(dim: [dim], keepdim: keepdim) }

    /// The mean of real numbers (`torch.mean`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func mean(dim: [Int]? = nil, keepdim: Bool = false) -> Tensor {
        reduce(.mean, dim, keepdim: keepdim, gradientName: dim == nil ? "MeanBackward0" : nil)
    }
    /// The mean of real numbers along one dimension (`torch.mean`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func mean(dim: Int, keepdim: Bool = false) -> Tensor { mean(dim: [dim], keepdim: keepdim) }

    /// The product (`torch.prod`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar. Integers and truths give
    /// `int64`.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func prod(dim: [Int]? = nil, keepdim: Bool = false) -> Tensor {
        reduce(.prod, dim, keepdim: keepdim, gradientName: dim == nil ? "ProdBackward0" : nil)
    }
    /// The product along one dimension (`torch.prod`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func prod(dim: Int, keepdim: Bool = false) -> Tensor { prod(dim: [dim], keepdim: keepdim) }

    /// The largest elements (`torch.amax`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar. NaN wins; equal elements share
    /// the gradient.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func amax(dim: [Int]? = nil, keepdim: Bool = false) -> Tensor { reduce(.amax, dim, keepdim: keepdim) }
    /// The smallest elements (`torch.amin`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar. NaN wins; equal elements share
    /// the gradient.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func amin(dim: [Int]? = nil, keepdim: Bool = false) -> Tensor { reduce(.amin, dim, keepdim: keepdim) }
    /// Whether any element is other than 0, as `bool` (`torch.any`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func any(dim: [Int]? = nil, keepdim: Bool = false) -> Tensor { reduce(.any, dim, keepdim: keepdim) }
    /// Whether all elements are other than 0, as `bool` (`torch.all`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func all(dim: [Int]? = nil, keepdim: Bool = false) -> Tensor { reduce(.all, dim, keepdim: keepdim) }

    /// The largest of all elements, NaN where one is (`torch.max` without `dim`): [*] → [].
    public func max() -> Tensor { extreme(.amax, "max", gradientName: "MaxBackward1") }
    /// The smallest of all elements, NaN where one is (`torch.min` without `dim`): [*] → [].
    public func min() -> Tensor { extreme(.amin, "min", gradientName: "MinBackward1") }

    private func extreme(_ kind: Reduction.Kind, _ name: String, gradientName: String) -> Tensor {
        guard count > 0 else {
            return .refuse(TensorError(name, "the shape \(shape.brackets) has no elements to compare."), like: [self])
        }
        return reduce(kind, nil, keepdim: false, gradientName: gradientName)
    }

    /// Sums the dimensions that broadcasting stretched, so that the result has `shape`.
    func sum(to shape: Shape) -> Tensor {
        guard self.shape != shape else { return self }
        let lead = rank - shape.rank
        let stretched = (0..<rank).filter {
            $0 < lead || (shape[$0 - lead] == 1 && self.shape[$0] != 1)
        }
        // New dimensions in front alone, as before those of a bias, vanish with the sum.
        let reduction = Reduction(.sum, stretched, keepDim: stretched.count != lead)
        let summed = stretched.isEmpty ? self : .record(reduction, self)
        return summed.shape == shape ? summed : .record(Reshape(shape), summed)
    }

    /// The variance Σ(x − mean)² / (n − correction) (`torch.var`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - correction: what is subtracted from the number of elements; `1` by default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func `var`(dim: [Int]? = nil, correction: Double = 1, keepdim: Bool = false) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let dimensions = try shape.resolve(dimensions: dim, operation: "var")
            let count = dimensions.reduce(1) { $0 * shape[$1] }
            let deviation = self - mean(dim: dimensions, keepdim: true)
            let sum = deviation.square().sum(dim: dimensions, keepdim: keepdim)
            return (sum / Swift.max(0, Double(count) - correction)).withGradientName("VarBackward0")
        }
    }

    /// The standard deviation, the root of ``var(dim:correction:keepdim:)`` (`torch.std`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - correction: what is subtracted from the number of elements; `1` by default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func std(dim: [Int]? = nil, correction: Double = 1, keepdim: Bool = false) -> Tensor {
        // At 0 the root has no slope; PyTorch's gradient there is 0.
        let variance = self.var(dim: dim, correction: correction, keepdim: keepdim)
        let isZero = variance .== 0
        return variance.maskedFill(isZero, 1).sqrt().maskedFill(isZero, 0).withGradientName("StdBackward0")
    }

    /// log Σ eˣ over `dim`, without overflow (`torch.logsumexp`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`.
    ///
    /// - Parameters:
    ///   - dim: dimensions; negative ones count from the end.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func logsumexp(dim: [Int], keepdim: Bool = false) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let dimensions = try shape.resolve(dimensions: dim, operation: "logsumexp")
            let isEmpty = dimensions.contains { shape[$0] == 0 }
            // A scalar is the only element of a vector.
            guard rank > 0 else {
                return reshape(1).logsumexp(dim: [0]).reshape([]).withGradientName("LogsumexpBackward0")
            }
            guard !isEmpty else {
                return exp().sum(dim: dimensions, keepdim: keepdim).log().withGradientName("LogsumexpBackward0")
            }
            let largest = noGrad {
                let largest = amax(dim: dimensions, keepdim: true).detach()
                // An infinite maximum must not be subtracted from itself.
                return largest.maskedFill(largest.abs() .== Double.infinity, 0)
            }
            let sum = (self - largest).exp().sum(dim: dimensions, keepdim: true).log() + largest
            return (keepdim ? sum : sum.squeeze(dim: dimensions)).withGradientName("LogsumexpBackward0")
        }
    }
}
