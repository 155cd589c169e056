/// The slices at some positions along a dimension (inputs: the tensor and the positions).
///
/// Shape rule: x [.., S, ..], positions [K] as `int64` → [.., K, ..]. A position outside of 0 ..< S is an error when it
/// is computed.
public struct IndexSelect: Primitive {
    public static let name = "index_select"
    public let dimension: Int
    /// A position whose slice takes no gradient: the padding of an embedding.
    public let frozenPosition: Int?
    /// Whether the gradient of a slice is divided by the number of times that it was selected.
    public let averagesGradient: Bool

    public init(_ dimension: Int, frozenPosition: Int? = nil, averagesGradient: Bool = false) {
        self.dimension = dimension
        self.frozenPosition = frozenPosition
        self.averagesGradient = averagesGradient
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        try TensorError.requireIndices(inputs[1], operation: name)
        guard inputs[1].shape.rank == 1 else {
            throw TensorError(
                name,
                "the positions \(inputs[1].shape.brackets) have \(inputs[1].shape.rank) dimensions. They must be a "
                    + "vector: flatten them, or use gather.")
        }
        var sizes = inputs[0].shape.dimensions
        sizes[dimension] = inputs[1].shape[0]
        return [TensorSpec(Shape(sizes), inputs[0].dtype, inputs[0].device)]
    }

    public var gradientReads: GradientReads { .inputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let spec = context.inputSpec(0)
        let positions = context.input(1)
        var dy = context.cotangent()
        if averagesGradient {
            let size = spec.shape[dimension]
            dy = dy / Self.frequencies(positions, size: size, dimension: dimension, like: dy)
        }
        let add = IndexAdd(dimension, frozenPosition: frozenPosition)
        return [.record(add, .zeros(like: spec), positions, dy), nil]
    }

    /// For each position how often it occurs among all of them, shaped to stand beside `tensor`.
    private static func frequencies(_ positions: Tensor, size: Int, dimension: Int, like tensor: Tensor) -> Tensor {
        let ones = Tensor.ones(positions.shape, dtype: tensor.dtype)
        let counts = Tensor.record(IndexAdd(0), .zeros([size], dtype: tensor.dtype), positions, ones)
        var sizes = [Int](repeating: 1, count: tensor.rank)
        sizes[dimension] = positions.count
        return Tensor.record(IndexSelect(0), counts, positions).reshape(Shape(sizes))
    }
}

/// A tensor with slices added at some positions along a dimension (inputs: the tensor, the positions and the slices).
///
/// Shape rule: x [.., S, ..], positions [K] as `int64`, slices [.., K, ..] → that of x. Slices of equal positions add
/// up, in order. A position outside of 0 ..< S is an error when it is computed.
public struct IndexAdd: Primitive {
    public static let name = "index_add"
    public let dimension: Int
    /// A position whose slices are left out.
    public let frozenPosition: Int?

    public init(_ dimension: Int, frozenPosition: Int? = nil) {
        self.dimension = dimension
        self.frozenPosition = frozenPosition
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        try TensorError.requireIndices(inputs[1], operation: name)
        let (x, slices) = (inputs[0], inputs[2])
        var expected = x.shape.dimensions
        if inputs[1].shape.rank == 1 { expected[dimension] = inputs[1].shape[0] }
        guard inputs[1].shape.rank == 1, slices.shape.dimensions == expected else {
            throw TensorError(
                name,
                "the tensor \(x.shape.brackets) and the positions \(inputs[1].shape.brackets) along dimension "
                    + "\(dimension) ask for slices of shape \(Shape(expected).brackets), but they have shape "
                    + "\(slices.shape.brackets). The positions must be a vector.")
        }
        try TensorError.requireSameType(x, slices, operation: name)
        return [x]
    }

    public var gradientReads: GradientReads { .inputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        guard context.needs(2) else { return [dy, nil, nil] }
        let positions = context.input(1)
        var slices = Tensor.record(IndexSelect(dimension), dy, positions)
        if let frozenPosition {
            var sizes = [Int](repeating: 1, count: slices.rank)
            sizes[dimension] = positions.count
            slices = slices.maskedFill((positions .== frozenPosition).reshape(Shape(sizes)), 0)
        }
        return [context.needs(0) ? dy : nil, nil, slices]
    }
}

extension TensorError {
    static func requireIndices(_ spec: TensorSpec, operation: String) throws(TensorError) {
        guard spec.dtype == .int64 else {
            throw TensorError(operation, "the positions are \(spec.dtype). They must be int64: use .cast(to: .int64).")
        }
    }

    static func requireSameType(_ left: TensorSpec, _ right: TensorSpec, operation: String) throws(TensorError) {
        guard left.dtype == right.dtype else {
            throw TensorError(
                operation, "the types differ: the tensor is \(left.dtype), the source \(right.dtype). Cast one of them."
            )
        }
    }

    /// A position that is outside of a dimension, as it is found when elements are computed.
    ///
    /// - Parameters:
    ///   - operation: the name of the operation.
    ///   - index: the position.
    ///   - place: where it stands among the positions.
    ///   - dimension: the dimension.
    ///   - size: the size of the dimension.
    public static func indexOutOfRange(
        operation: String, _ index: Int64, at place: [Int], dimension: Int, size: Int
    ) -> TensorError {
        let spot = place.isEmpty ? "" : " at \(place)"
        return TensorError(
            operation,
            "the position \(index)\(spot) is out of range for dimension \(dimension) of size \(size). "
                + (size > 0 ? "Positions count from 0 to \(size - 1)." : "There is nothing to take."))
    }
}

extension Tensor {
    /// The slices at some positions along `dim` (`torch.index_select`).
    ///
    /// [.., S, ..] → [.., K, ..] with `index` a vector of K positions (`int64`), or a scalar for one. Positions outside
    /// of 0 ..< S, negative ones too, are an error when the result is computed.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - index: [K] or a scalar, `int64`.
    public func indexSelect(dim: Int, _ index: Tensor) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let dimension = try shape.resolve(dimension: dim, operation: IndexSelect.name)
            let positions = index.rank == 0 ? index.unsqueeze(dim: 0) : index
            guard rank > 0 else {
                guard positions.count == 1 else {
                    throw TensorError(
                        IndexSelect.name, "a scalar has one element, but \(positions.count) positions are given.")
                }
                return .record(IndexSelect(0), reshape(1), positions).reshape([])
            }
            return .record(IndexSelect(dimension), self, positions)
        }
    }

    /// The tensor with `alpha` · `source` added at some positions along `dim` (`torch.index_add`).
    ///
    /// [.., S, ..] with `index` [K] (`int64`) and `source` [.., K, ..] → [.., S, ..]; slices of equal positions add up,
    /// in order. Positions outside of 0 ..< S are an error when the result is computed.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - index: [K], `int64`.
    ///   - source: [.., K, ..].
    ///   - alpha: what `source` is multiplied by; `1` by default.
    public func indexAdd(dim: Int, _ index: Tensor, _ source: Tensor, alpha: Double = 1) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard rank > 0 else { throw TensorError(IndexAdd.name, "a scalar has no dimension \(dim).") }
            let dimension = try shape.resolve(dimension: dim, operation: IndexAdd.name)
            return .record(IndexAdd(dimension), self, index, alpha == 1 ? source : source * alpha)
        }
    }

    /// The elements at some positions of the flattened tensor (`torch.take`): [*] → the shape of `index`.
    ///
    /// Positions outside of −count ..< count are an error when the result is computed.
    ///
    /// - Parameters:
    ///   - index: positions, `int64`; those below 0 count from the end: −1 is the last.
    public func take(_ index: Tensor) -> Tensor {
        let flat = index.reshape(index.count)
        let positions = index.dtype == .int64 ? (flat + count).where(flat .< 0, else: flat) : flat
        return Tensor.record(IndexSelect(0), [reshape(count), positions], gradientName: "TakeBackward0")[0]
            .reshape(index.shape).withGradientName("TakeBackward0")
    }
}
