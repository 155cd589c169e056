/// The dimensions in another order.
///
/// Shape rule: result dimension k is input dimension `order[k]`.
public struct Permute: Primitive {
    public static let name = "permute"
    public let order: [Int]

    public init(_ order: [Int]) { self.order = order }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(Shape(order.map { inputs[0].shape[$0] }), inputs[0].dtype, inputs[0].device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        var inverse = order
        for (position, dimension) in order.enumerated() { inverse[dimension] = position }
        return [.record(Permute(inverse), context.cotangent())]
    }
}

extension Tensor {
    /// The dimensions in another order (`torch.permute`): [S₀, S₁, …] → [S_dims[0], S_dims[1], …].
    ///
    /// - Parameters:
    ///   - dims: for each dimension of the result, which one it is.
    public func permute(_ dims: Int...) -> Tensor { permute(dims) }

    /// The dimensions in another order (`torch.permute`): [S₀, S₁, …] → [S_dims[0], S_dims[1], …].
    ///
    /// - Parameters:
    ///   - dims: for each dimension of the result, which one it is.
    public func permute(_ dims: [Int]) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard dims.count == rank else {
                throw TensorError(
                    "permute", "\(dims.count) dimensions are named, the tensor \(shape.brackets) has \(rank).")
            }
            var order: [Int] = []
            for dim in dims { order.append(try shape.resolve(dimension: dim, operation: "permute")) }
            guard Set(order).count == rank else {
                throw TensorError("permute", "a dimension is named twice in \(dims). Name each once.")
            }
            return .record(Permute(order), self)
        }
    }

    /// Swaps two dimensions (`torch.transpose`): [.., A, .., B, ..] → [.., B, .., A, ..].
    ///
    /// - Parameters:
    ///   - first: one dimension; negative ones count from the end.
    ///   - second: the other.
    public func transpose(_ first: Int, _ second: Int) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let a = try shape.resolve(dimension: first, operation: "transpose")
            let b = try shape.resolve(dimension: second, operation: "transpose")
            guard rank > 0 else { return self }
            var order = Array(0..<rank)
            order.swapAt(a, b)
            return .record(Permute(order), self, gradientName: "TransposeBackward0")
        }
    }

    /// The transposed matrix; all dimensions reversed for other ranks (`tensor.T`).
    // swift-format-ignore: AlwaysUseLowerCamelCase
    /// The transposed matrix, [R, C] → [C, R]; all dimensions reversed for other ranks (`torch.Tensor.T`).
    public var T: Tensor { .record(Permute(Array((0..<rank).reversed())), self, gradientName: "PermuteBackward0") }
}
