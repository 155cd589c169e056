/// The product of two matrices, or of two stacks of matrices, each of which may be transposed.
///
/// Shape rule: [M, K] · [K, N] → [M, N], and with equal leading sizes [B, M, K] · [B, K, N] → [B, M, N]; a transposed
/// operand is given as [K, M] or [N, K].
public struct MatMul: Primitive {
    public static let name = "matmul"
    public let transposesLeft: Bool
    public let transposesRight: Bool
    public let precision: Precision

    public init(transposesLeft: Bool = false, transposesRight: Bool = false, precision: Precision = .current) {
        self.transposesLeft = transposesLeft
        self.transposesRight = transposesRight
        self.precision = precision
    }

    public var name: String { precision.describe(Self.name) }

    public var gradientName: String { "MmBackward0" }

    /// The sizes (batch, M, K, N) of a product.
    public func sizes(_ left: Shape, _ right: Shape) -> (batch: Int, m: Int, k: Int, n: Int) {
        let batch = left.rank == 3 ? left.dimensions[0] : 1
        let (rows, columns) = (left[-2], left[-1])
        return (
            batch, transposesLeft ? columns : rows, transposesLeft ? rows : columns,
            transposesRight ? right[-2] : right[-1]
        )
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let (a, b) = (inputs[0].shape, inputs[1].shape)
        guard a.rank == b.rank, a.rank == 2 || a.rank == 3 else {
            throw TensorError(
                name, "two matrices or two stacks of them are needed, not \(a.brackets) and \(b.brackets).")
        }
        guard inputs[0].dtype == inputs[1].dtype else {
            throw TensorError(name, "the types differ: \(inputs[0].dtype) and \(inputs[1].dtype). Cast one of them.")
        }
        guard inputs[0].dtype != .bool else {
            throw TensorError(name, "the product of bool matrices is not defined. Cast them to .float32.")
        }
        let (batch, m, k, n) = sizes(a, b)
        let rightK = transposesRight ? b[-1] : b[-2]
        guard a.rank == 2 || b.dimensions[0] == batch else {
            throw TensorError(
                name,
                "the stacks \(a.brackets) and \(b.brackets) hold \(batch) and \(b.dimensions[0]) matrices. "
                    + "They must be equal.")
        }
        guard k == rightK else {
            throw TensorError(
                name,
                "the shapes \(a.brackets)\(transposesLeft ? "ᵀ" : "") and \(b.brackets)"
                    + "\(transposesRight ? "ᵀ" : "") cannot be multiplied: \(k) columns meet \(rightK) rows.")
        }
        var shape = a.rank == 2 ? Shape(m, n) : Shape(batch, m)
        if a.rank == 3 { shape.append(n) }
        return [TensorSpec(shape, inputs[0].dtype, inputs[0].device)]
    }

    public var gradientReads: GradientReads { .inputs(0, 1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let (a, b, dy) = (context.input(0), context.input(1), context.cotangent())
        func product(_ x: Tensor, _ transposesX: Bool, _ y: Tensor, _ transposesY: Bool) -> Tensor {
            .record(MatMul(transposesLeft: transposesX, transposesRight: transposesY, precision: precision), x, y)
        }
        var gradients: [Tensor?] = [nil, nil]
        if context.needs(0) {
            gradients[0] =
                transposesLeft ? product(b, transposesRight, dy, true) : product(dy, false, b, !transposesRight)
        }
        if context.needs(1) {
            gradients[1] =
                transposesRight ? product(dy, true, a, transposesLeft) : product(a, !transposesLeft, dy, false)
        }
        return gradients
    }
}

extension Tensor {
    /// The matrix product, as `torch.matmul` does it for all ranks: [.., M, K] · [.., K, N] → [.., M, N].
    ///
    /// Two vectors give their inner product, a vector counts as a row on the left and as a column on the right, and
    /// leading dimensions broadcast: [B, 1, M, K] · [C, K, N] → [B, C, M, N].
    ///
    /// - Parameters:
    ///   - other: the right factor.
    public func matmul(_ other: Tensor) -> Tensor {
        .checked(like: [self, other]) { () throws(TensorError) in
            guard rank > 0, other.rank > 0 else {
                throw TensorError(
                    "matmul",
                    "both operands need at least one dimension, but they are \(shape.brackets) and "
                        + "\(other.shape.brackets). Use * for scalars.")
            }
            let operands = Tensor.promote([self, other])
            let left = rank == 1 ? operands[0].unsqueeze(dim: 0) : operands[0]
            let right = other.rank == 1 ? operands[1].unsqueeze(dim: 1) : operands[1]
            guard left.shape[-1] == right.shape[-2] else {
                throw TensorError(
                    "matmul",
                    "the shapes \(shape.brackets) and \(other.shape.brackets) cannot be multiplied: "
                        + "\(left.shape[-1]) columns meet \(right.shape[-2]) rows. They must be equal.")
            }
            var product = try Tensor.stackedProduct(left, right)
            if rank == 1 { product = product.squeeze(dim: -2) }
            if other.rank == 1 { product = product.squeeze(dim: -1) }
            switch (rank, other.rank) {
            case (1, 1): return product.withGradientName("DotBackward0")
            case (2, 1): return product.withGradientName("MvBackward0")
            case (1, 2): return product.withGradientName("SqueezeBackward4")
            case (2, 2): return product
            default: return product.withGradientName("UnsafeViewBackward0")
            }
        }
    }

    private static func stackedProduct(_ left: Tensor, _ right: Tensor) throws(TensorError) -> Tensor {
        if left.rank == 2, right.rank == 2 { return record(MatMul(), left, right) }
        // Rows of a stack times one matrix is one tall product.
        if right.rank == 2 {
            let rows = Shape([left.count / Swift.max(left.shape[-1], 1), left.shape[-1]])
            let result = Shape(Array(left.shape.dimensions.dropLast()) + [right.shape[-1]])
            if left.count > 0 { return record(MatMul(), left.reshape(rows), right).reshape(result) }
        }
        let leading = (
            Shape(Array(left.shape.dimensions.dropLast(2))), Shape(Array(right.shape.dimensions.dropLast(2)))
        )
        guard let batch = Shape.broadcast(leading.0, leading.1) else {
            throw TensorError(
                "matmul",
                "the leading sizes of \(left.shape.brackets) and \(right.shape.brackets) do not broadcast: "
                    + "sizes must be equal or 1.")
        }
        func stacked(_ tensor: Tensor) -> Tensor {
            let matrix = tensor.shape.dimensions.suffix(2)
            return tensor.expand(Shape(batch.dimensions + matrix)).reshape(Shape([batch.elementCount] + matrix))
        }
        let product = record(MatMul(), [stacked(left), stacked(right)], gradientName: "BmmBackward0")[0]
        return product.reshape(Shape(batch.dimensions + product.shape.dimensions.suffix(2)))
    }

    /// x · Wᵀ + b, the function of a linear layer: [.., in] → [.., out] with W [out, in] and b [out]
    /// (`torch.nn.functional.linear`).
    ///
    /// - Parameters:
    ///   - weight: W, [out, in].
    ///   - bias: b, [out]; `nil`, none, by default.
    public func linear(_ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let features = weight.shape[-1]
            guard rank > 0, shape[-1] == features else {
                throw TensorError(
                    "linear",
                    "the input \(shape.brackets) ends in \(rank > 0 ? shape[-1] : 0) features, the weight "
                        + "\(weight.shape.brackets) takes \(features).")
            }
            guard dtype == weight.dtype else {
                throw TensorError(
                    "linear", "the input is \(dtype), the weight \(weight.dtype). Cast the input to \(weight.dtype).")
            }
            let rows = rank == 2 ? self : reshape(Shape([count / Swift.max(features, 1), features]))
            var result: Tensor
            if let bias, bias.rank == 1, bias.shape[0] == weight.shape[0], bias.dtype == dtype {
                result = .record(LinearMap(), rows, weight, bias)
            } else {
                result = .record(MatMul(transposesRight: true), rows, weight, gradientName: "MmBackward0")
                // One that broadcasts.
                if let bias { result = .record(Pointwise(.add), result, bias, gradientName: "AddmmBackward0") }
            }
            guard rank != 2 else { return result }
            return result.reshape(Shape(Array(shape.dimensions.dropLast()) + [weight.shape[0]]))
                .withGradientName("UnsafeViewBackward0")
        }
    }
}
