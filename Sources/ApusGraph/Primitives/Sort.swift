/// The elements in order along a dimension, and where they were.
///
/// Shape rule: twice the input's shape: values, and as `int64` their positions along the dimension. Equal elements keep
/// their order; NaN counts as larger than all numbers.
public struct Sort: Primitive {
    public static let name = "sort"
    public let dimension: Int
    public let isDescending: Bool

    public init(_ dimension: Int, isDescending: Bool) {
        self.dimension = dimension
        self.isDescending = isDescending
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [inputs[0], TensorSpec(inputs[0].shape, .int64, inputs[0].device)]
    }

    public var gradientReads: GradientReads { .outputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [context.scattered(context.cotangent(), context.output(1), along: dimension)]
    }
}

/// The k largest or smallest elements along a dimension in order, and where they were.
///
/// Shape rule: twice the input's shape with k in the place of the dimension's size: values, and as `int64` their
/// positions. Of equal elements the first ones are taken; NaN counts as larger than all numbers.
public struct TopK: Primitive {
    public static let name = "topk"
    public let k: Int
    public let dimension: Int
    public let takesLargest: Bool

    public init(_ k: Int, _ dimension: Int, takesLargest: Bool) {
        self.k = k
        self.dimension = dimension
        self.takesLargest = takesLargest
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        var sizes = inputs[0].shape.dimensions
        guard k >= 0, k <= sizes[dimension] else {
            throw TensorError(
                name,
                "k is \(k), but dimension \(dimension) of \(inputs[0].shape.brackets) has \(sizes[dimension]) "
                    + "elements. It must be from 0 to \(sizes[dimension]).")
        }
        sizes[dimension] = k
        return [
            TensorSpec(Shape(sizes), inputs[0].dtype, inputs[0].device),
            TensorSpec(Shape(sizes), .int64, inputs[0].device),
        ]
    }

    public var gradientReads: GradientReads { .outputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [context.scattered(context.cotangent(), context.output(1), along: dimension)]
    }
}

extension GradientContext {
    /// dy at the positions of the first input that it belongs to, 0 elsewhere.
    fileprivate func scattered(_ dy: Tensor, _ positions: Tensor, along dimension: Int) -> Tensor {
        let spec = inputSpec(0)
        guard spec.shape.elementCount > 0 else { return .zeros(like: spec) }
        return .record(Scatter(dimension, adds: false), .zeros(like: spec), positions, dy)
    }
}

extension Tensor {
    /// Two poisoned results, after an error.
    static func refusePair(_ error: TensorError, like tensor: Tensor) -> (values: Tensor, indices: Tensor) {
        let poisoned = refuse(error, like: [tensor])
        return (poisoned, poisoned)
    }

    /// The elements in order along `dim`, and as `int64` the positions where they were (`torch.sort`).
    ///
    /// [.., S, ..] → twice the same shape. Equal elements keep their order, whether `stable` is asked for or not; NaN
    /// counts as larger than all numbers: last when ascending, first when descending.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end; `-1` by default.
    ///   - descending: whether the largest element comes first; `false` by default.
    ///   - stable: kept for PyTorch's sake: equal elements always keep their order; `true` by default.
    public func sort(dim: Int = -1, descending: Bool = false, stable: Bool = true) -> (values: Tensor, indices: Tensor)
    {
        do throws(TensorError) {
            let dimension = try shape.resolve(dimension: dim, operation: Sort.name)
            let results = Tensor.record(Sort(dimension, isDescending: descending), [rank == 0 ? reshape(1) : self])
            let (values, indices) = (results[0], results[results.count - 1])
            return rank == 0 ? (values.reshape([]), indices.reshape([])) : (values, indices)
        } catch {
            return Self.refusePair(error, like: self)
        }
    }

    /// The positions that would sort the elements along `dim`, `int64` (`torch.argsort`): [.., S, ..] → the same shape;
    /// equal elements keep their order.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end; `-1` by default.
    ///   - descending: whether the largest element comes first; `false` by default.
    ///   - stable: kept for PyTorch's sake: equal elements always keep their order; `true` by default.
    public func argsort(dim: Int = -1, descending: Bool = false, stable: Bool = true) -> Tensor {
        sort(dim: dim, descending: descending, stable: stable).indices
    }

    /// The `k` largest elements along `dim` (or smallest, where `largest` is false), and as `int64` where they were
    /// (`torch.topk`).
    ///
    /// [.., S, ..] → twice [.., k, ..] with 0 ≤ k ≤ S. They are in order, best first, whether `sorted` is asked for or
    /// not; of equal elements the first ones are taken, and NaN counts as larger than all numbers.
    ///
    /// - Parameters:
    ///   - k: how many elements, 0 to S.
    ///   - dim: the dimension; negative ones count from the end; `-1` by default.
    ///   - largest: whether they are the largest; `true` by default.
    ///   - sorted: kept for PyTorch's sake: they always are in order; `true` by default.
    public func topk(
        _ k: Int, dim: Int = -1, largest: Bool = true, sorted: Bool = true
    ) -> (values: Tensor, indices: Tensor) {
        do throws(TensorError) {
            let dimension = try shape.resolve(dimension: dim, operation: TopK.name)
            guard rank > 0 else {
                guard k == 0 || k == 1 else {
                    throw TensorError(TopK.name, "k is \(k), but a scalar has one element.")
                }
                let pair = reshape(1).topk(k, dim: 0, largest: largest)
                return k == 0 ? pair : (pair.values.reshape([]), pair.indices.reshape([]))
            }
            let results = Tensor.record(TopK(k, dimension, takesLargest: largest), [self])
            return (results[0], results[results.count - 1])
        } catch {
            return Self.refusePair(error, like: self)
        }
    }

    /// The `k`-th smallest element along `dim`, counted from 1, and as `int64` where it was (`torch.kthvalue`).
    ///
    /// [.., S, ..] → twice [.., ..] with 1 ≤ k ≤ S, or [.., 1, ..] where `keepdim`.
    ///
    /// - Parameters:
    ///   - k: which one, 1 to S.
    ///   - dim: the dimension; negative ones count from the end; `-1` by default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func kthvalue(_ k: Int, dim: Int = -1, keepdim: Bool = false) -> (values: Tensor, indices: Tensor) {
        do throws(TensorError) {
            let dimension = try shape.resolve(dimension: dim, operation: "kthvalue")
            let size = rank == 0 ? 1 : shape[dimension]
            guard k >= 1, k <= size else {
                throw TensorError(
                    "kthvalue", "k is \(k), but dimension \(dim) of \(shape.brackets) has \(size) elements.")
            }
            guard rank > 0 else { return sort() }
            let (values, indices) = sort(dim: dimension)
            let picked = [values, indices].map { all in
                let one = all.narrow(dim: dimension, start: k - 1, length: 1)
                return keepdim ? one : one.squeeze(dim: dimension)
            }
            return (picked[0].withGradientName("KthvalueBackward0"), picked[1])
        } catch {
            return Self.refusePair(error, like: self)
        }
    }
}
