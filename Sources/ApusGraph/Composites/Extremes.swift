extension Tensor {
    /// The largest element along `dim`, and as `int64` its position (`torch.max` with `dim`).
    ///
    /// [.., S, ..] → twice [.., ..], or [.., 1, ..] where `keepdim`. NaN wins; of equal elements it is the first one,
    /// which takes the gradient.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func max(dim: Int, keepdim: Bool = false) -> (values: Tensor, indices: Tensor) {
        extreme("max", dim, keepdim) { $0.argmax(dim: $1, keepdim: true) }
    }

    /// The smallest element along `dim`, and as `int64` its position (`torch.min` with `dim`); otherwise as
    /// ``max(dim:keepdim:)``.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func min(dim: Int, keepdim: Bool = false) -> (values: Tensor, indices: Tensor) {
        extreme("min", dim, keepdim) { $0.argmin(dim: $1, keepdim: true) }
    }

    private func extreme(
        _ name: String, _ dim: Int, _ keepdim: Bool, _ position: (Tensor, Int) -> Tensor
    ) -> (values: Tensor, indices: Tensor) {
        picked(name, dim, keepdim) { vector, dimension in position(vector, dimension) }
    }

    /// The element at one position along `dim` of each row, and that position.
    private func picked(
        _ name: String, _ dim: Int, _ keepdim: Bool, _ position: (Tensor, Int) -> Tensor
    ) -> (values: Tensor, indices: Tensor) {
        do throws(TensorError) {
            let dimension = try shape.resolve(dimension: dim, operation: name)
            guard rank > 0 else {
                // A scalar is its own extreme, whose copy takes the gradient.
                return (
                    clone().withGradientName("\(name.capitalizedFirst)Backward0"),
                    .full([], 0, dtype: .int64, device: device)
                )
            }
            guard shape[dimension] > 0 else {
                throw TensorError(
                    name, "the shape \(shape.brackets) has no elements along dimension \(dim) to compare.")
            }
            let positions = position(self, dimension)
            let values = gather(dim: dimension, positions)
            let results =
                keepdim ? (values, positions) : (values.squeeze(dim: dimension), positions.squeeze(dim: dimension))
            return (results.0.withGradientName("\(name.capitalizedFirst)Backward0"), results.1)
        } catch {
            return Self.refusePair(error, like: self)
        }
    }

    /// The median along `dim`, and as `int64` its position (`torch.median` with `dim`): the lower one of two.
    ///
    /// [.., S, ..] → twice [.., ..], or [.., 1, ..] where `keepdim`. It is NaN, and the position that of the first NaN,
    /// where an element is.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func median(dim: Int, keepdim: Bool = false) -> (values: Tensor, indices: Tensor) {
        picked("median", dim, keepdim) { tensor, dimension in
            let size = tensor.shape[dimension]
            let order = tensor.argsort(dim: dimension)
            let middle = order.narrow(dim: dimension, start: (size - 1) / 2, length: 1)
            guard tensor.dtype.isFloatingPoint else { return middle }
            // NaN is last; the first one stands behind all numbers.
            let isNaN = tensor.isNaN()
            let firstNaN = isNaN.cast(to: .float32).argmax(dim: dimension, keepdim: true)
            return firstNaN.where(isNaN.any(dim: [dimension], keepdim: true), else: middle)
        }
    }

    /// The median of all elements, the lower one of two, NaN where an element is (`torch.median`): [*] → [].
    public func median() -> Tensor {
        guard count > 0 else {
            return .refuse(TensorError("median", "the shape \(shape.brackets) has no elements."), like: [self])
        }
        return reshape(count).median(dim: 0).values.withGradientName("MedianBackward0")
    }

    /// The number of elements that are not 0, as `int64` (`torch.count_nonzero`).
    ///
    /// [.., S, ..] → [.., ..]; without `dim` a scalar.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    public func countNonzero(dim: [Int]? = nil) -> Tensor { (self .!= 0).sum(dim: dim) }

    /// The variance and the mean (`torch.var_mean`).
    ///
    /// [.., S, ..] → twice [.., ..], or [.., 1, ..] where `keepdim`; without `dim` scalars.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - correction: what is subtracted from the number of elements; `1` by default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func varMean(
        dim: [Int]? = nil, correction: Double = 1, keepdim: Bool = false
    ) -> (variance: Tensor, mean: Tensor) {
        (self.var(dim: dim, correction: correction, keepdim: keepdim), mean(dim: dim, keepdim: keepdim))
    }

    /// The standard deviation and the mean (`torch.std_mean`).
    ///
    /// [.., S, ..] → twice [.., ..], or [.., 1, ..] where `keepdim`; without `dim` scalars.
    ///
    /// - Parameters:
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - correction: what is subtracted from the number of elements; `1` by default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func stdMean(
        dim: [Int]? = nil, correction: Double = 1, keepdim: Bool = false
    ) -> (deviation: Tensor, mean: Tensor) {
        (std(dim: dim, correction: correction, keepdim: keepdim), mean(dim: dim, keepdim: keepdim))
    }

    /// Whether elements agree, |a − b| ≤ absolute + relative · |b|, as `bool` (`torch.isclose`): [*], [*] → [*]; both
    /// broadcast.
    ///
    /// Equal infinities agree.
    ///
    /// - Parameters:
    ///   - other: b.
    ///   - relative: PyTorch's `rtol`; `1e-5` by default.
    ///   - absolute: PyTorch's `atol`; `1e-8` by default.
    ///   - equalNaN: whether NaN agrees with NaN; `false` by default.
    public func isClose(
        _ other: Tensor, relative: Double = 1e-5, absolute: Double = 1e-8, equalNaN: Bool = false
    ) -> Tensor {
        let pair = Tensor.promote([self, other], isReal: true)
        let difference = (pair[0] - pair[1]).abs()
        let isFinite = (difference .< Double.infinity).logicalAnd(pair[1].abs() .< Double.infinity)
        let isNear = (difference .<= pair[1].abs() * relative + absolute).logicalAnd(isFinite)
        let agrees = isNear.logicalOr(pair[0] .== pair[1])
        return equalNaN ? agrees.logicalOr(pair[0].isNaN().logicalAnd(pair[1].isNaN())) : agrees
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
