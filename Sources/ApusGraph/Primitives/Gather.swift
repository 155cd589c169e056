/// For each position the element that it names along a dimension (inputs: the tensor and the positions).
///
/// Shape rule: x [.., S, ..], positions [.., K, ..] as `int64`, the other sizes equal → that of the positions. Result
/// [i, j, k] is x[i, positions[i, j, k], k] for dimension 1. A position outside of 0 ..< S is an error when it is
/// computed.
public struct Gather: Primitive {
    public static let name = "gather"
    public let dimension: Int

    public init(_ dimension: Int) { self.dimension = dimension }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        try TensorError.requireIndices(inputs[1], operation: name)
        try TensorError.requireSameRows(inputs[0].shape, inputs[1].shape, along: dimension, operation: name)
        return [TensorSpec(inputs[1].shape, inputs[0].dtype, inputs[0].device)]
    }

    public var gradientReads: GradientReads { .inputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let spec = context.inputSpec(0)
        let zeros = Tensor.zeros(like: spec)
        return [.record(Scatter(dimension, adds: true), zeros, context.input(1), context.cotangent()), nil]
    }
}

/// A tensor with elements replaced, or added to, at positions along a dimension (inputs: the tensor, the positions and
/// the new elements).
///
/// Shape rule: x [.., S, ..], positions and elements [.., K, ..], the other sizes equal → that of x. Where a position
/// occurs more than once, the last element stands, or all of them add up in order. A position outside of 0 ..< S is an
/// error when it is computed.
public struct Scatter: Primitive {
    public static let name = "scatter"
    public let dimension: Int
    public let adds: Bool

    public init(_ dimension: Int, adds: Bool) {
        self.dimension = dimension
        self.adds = adds
    }

    public var name: String { adds ? "scatter_add" : "scatter" }
    public var gradientName: String { adds ? "ScatterAddBackward0" : "ScatterBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        try TensorError.requireIndices(inputs[1], operation: name)
        try TensorError.requireSameRows(inputs[0].shape, inputs[1].shape, along: dimension, operation: name)
        guard inputs[1].shape == inputs[2].shape else {
            throw TensorError(
                name,
                "the positions \(inputs[1].shape.brackets) and the elements \(inputs[2].shape.brackets) must have one "
                    + "shape.")
        }
        try TensorError.requireSameType(inputs[0], inputs[2], operation: name)
        return [inputs[0]]
    }

    public var gradientReads: GradientReads { .inputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let (dy, positions) = (context.cotangent(), context.input(1))
        var dx: Tensor?
        if context.needs(0) {
            let zeros = Tensor.full(positions.shape, 0, dtype: dy.dtype, device: dy.device)
            dx = adds ? dy : .record(self, dy, positions, zeros)
        }
        return [dx, nil, context.needs(2) ? .record(Gather(dimension), dy, positions) : nil]
    }
}

extension TensorError {
    /// Demands that two shapes differ along one dimension at most.
    fileprivate static func requireSameRows(
        _ tensor: Shape, _ positions: Shape, along dimension: Int, operation: String
    ) throws(TensorError) {
        var (left, right) = (tensor.dimensions, positions.dimensions)
        guard left.count == right.count, left.indices.contains(dimension) else {
            throw .rankMismatch(operation, tensor, positions)
        }
        (left[dimension], right[dimension]) = (0, 0)
        guard left == right else {
            throw TensorError(
                operation,
                "the tensor \(tensor.brackets) and the positions \(positions.brackets) must have equal sizes except "
                    + "along dimension \(dimension).")
        }
    }

    fileprivate static func rankMismatch(_ operation: String, _ tensor: Shape, _ other: Shape) -> TensorError {
        TensorError(
            operation,
            "the tensor \(tensor.brackets) and the positions \(other.brackets) have \(tensor.rank) and \(other.rank) "
                + "dimensions. They must have equally many.")
    }
}

extension Tensor {
    /// For each position the element that it names along `dim` (`torch.gather`).
    ///
    /// [.., S, ..], `index` [.., K, ..] (`int64`) → the shape of `index`, whose sizes but K may be smaller than the
    /// tensor's. For dimension 1 of three: result[i, j, k] = self[i, index[i, j, k], k]. Positions outside of 0 ..< S,
    /// negative ones too, are an error when the result is computed.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - index: positions, `int64`.
    public func gather(dim: Int, _ index: Tensor) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let dimension = try shape.resolve(dimension: dim, operation: Gather.name)
            if index.count == 0 {
                try TensorError.requireIndices(index.spec, operation: Gather.name)
                return reshape(count).narrow(dim: 0, start: 0, length: 0).reshape(index.shape)
                    .withGradientName("GatherBackward0")
            }
            guard rank == index.rank else { throw .rankMismatch(Gather.name, shape, index.shape) }
            guard rank > 0 else { return .record(Gather(0), reshape(1), index.reshape(1)).reshape([]) }
            let rows = try self.rows(within: index.shape, along: dimension, operation: Gather.name)
            return Tensor.record(Gather(dimension), [rows, index])[0]
        }
    }

    /// ``gather(dim:_:)`` whose tensor and positions broadcast, except along `dim` (`torch.take_along_dim`); without
    /// `dim` both are flattened.
    ///
    /// - Parameters:
    ///   - dim: the dimension; `nil` by default, which flattens both.
    ///   - index: positions, `int64`.
    public func takeAlong(dim: Int? = nil, _ index: Tensor) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard let dim else { return reshape(count).gather(dim: 0, index.reshape(index.count)) }
            let dimension = try shape.resolve(dimension: dim, operation: "take_along_dim")
            guard rank == index.rank, rank > 0 else { throw .rankMismatch("take_along_dim", shape, index.shape) }
            var (own, other) = (shape, index.shape)
            (own[dimension], other[dimension]) = (1, 1)
            guard var common = Shape.broadcast(own, other) else {
                throw TensorError(
                    "take_along_dim",
                    "the tensor \(shape.brackets) and the positions \(index.shape.brackets) do not broadcast beside "
                        + "dimension \(dim).")
            }
            common[dimension] = shape[dimension]
            let stretched = expand(common)
            common[dimension] = index.shape[dimension]
            return stretched.gather(dim: dimension, index.expand(common))
        }
    }

    /// The tensor with `source` written at positions along `dim` (`torch.scatter`): [.., S, ..] → [.., S, ..].
    ///
    /// For dimension 1 of three: result[i, index[i, j, k], k] = source[i, j, k]. `index` may be smaller than `source`
    /// along every dimension, and than the tensor along all but `dim`. Where a position occurs more than once the last
    /// element stands. Positions outside of the tensor are an error when the result is computed.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - index: positions, `int64`.
    ///   - source: the new elements.
    public func scatter(dim: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
        scatter(dim, index, source, adds: false)
    }

    /// The tensor with one value written at positions along `dim` (`torch.scatter` with `value`): [.., S, ..] → [.., S,
    /// ..].
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - index: positions, `int64`.
    ///   - value: the value.
    public func scatter(dim: Int, _ index: Tensor, value: Double) -> Tensor {
        scatter(dim, index, .full(index.shape, value, dtype: dtype), adds: false)
            .withGradientName("ScatterBackward1")
    }

    /// The tensor with `source` added at positions along `dim` (`torch.scatter_add`), otherwise as
    /// ``scatter(dim:_:_:)``; elements of equal positions add up in order.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - index: positions, `int64`.
    ///   - source: the new elements.
    public func scatterAdd(dim: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
        scatter(dim, index, source, adds: true)
    }

    private func scatter(_ dim: Int, _ index: Tensor, _ source: Tensor, adds: Bool) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let name = Scatter(0, adds: adds).name
            let dimension = try shape.resolve(dimension: dim, operation: name)
            // Nothing is written, whatever the shapes are, as in PyTorch.
            if index.count == 0, rank != index.rank || rank != source.rank {
                try TensorError.requireIndices(index.spec, operation: name)
                return clone()
            }
            guard rank == index.rank, rank == source.rank else {
                throw TensorError(
                    name,
                    "the tensor \(shape.brackets), the positions \(index.shape.brackets) and the source "
                        + "\(source.shape.brackets) have different numbers of dimensions. They must have equally many.")
            }
            let scatter = Scatter(dimension, adds: adds)
            guard rank > 0 else {
                return .record(scatter, reshape(1), index.reshape(1), source.reshape(1)).reshape([])
            }
            guard zip(index.shape, source.shape).allSatisfy(<=) else {
                throw TensorError(
                    name,
                    "the positions \(index.shape.brackets) are larger than the source \(source.shape.brackets). "
                        + "Each position needs an element.")
            }
            let elements = source.leadingBox(index.shape)
            let rows = try self.rows(within: index.shape, along: dimension, operation: name)
            guard rows.shape != shape else { return .record(scatter, self, index, elements) }
            // Rows that no position names stay.
            let changed = Tensor.record(scatter, rows, index, elements)
            let box = Slice(
                starts: shape.map { _ in 0 }, counts: rows.shape.dimensions, steps: shape.map { _ in 1 })
            return Tensor.record(SliceAssign(box), [self, changed], gradientName: scatter.gradientName)[0]
        }
    }

    /// The part that `positions` can name: all of `dimension`, and of the others as much as the positions have.
    private func rows(within positions: Shape, along dimension: Int, operation: String) throws(TensorError) -> Tensor {
        var sizes = positions
        sizes[dimension] = shape[dimension]
        guard zip(sizes, shape).allSatisfy(<=) else {
            throw TensorError(
                operation,
                "the positions \(positions.brackets) are larger than the tensor \(shape.brackets) along a dimension "
                    + "other than \(dimension).")
        }
        return leadingBox(sizes)
    }

    /// The first elements along each dimension.
    private func leadingBox(_ sizes: Shape) -> Tensor {
        guard sizes != shape else { return self }
        return .record(
            Slice(starts: shape.map { _ in 0 }, counts: sizes.dimensions, steps: shape.map { _ in 1 }), self)
    }
}
