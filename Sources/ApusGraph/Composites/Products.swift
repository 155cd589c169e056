extension Tensor {
    private static func requireRanks(
        _ operation: String, _ left: Tensor, _ leftRank: Int, _ right: Tensor, _ rightRank: Int
    ) throws(TensorError) {
        guard left.rank == leftRank, right.rank == rightRank else {
            throw TensorError(
                operation,
                "the operands \(left.shape.brackets) and \(right.shape.brackets) must have \(leftRank) and \(rightRank) "
                    + "dimensions.")
        }
    }

    /// The inner product of two vectors (`torch.dot`). [S] · [S] → []
    ///
    /// - Parameters:
    ///   - other: [S].
    public func dot(_ other: Tensor) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            try Tensor.requireRanks("dot", self, 1, other, 1)
            return matmul(other)
        }
    }

    /// The product of a matrix and a vector (`torch.mv`). [R, C] · [C] → [R]
    ///
    /// - Parameters:
    ///   - vector: [C].
    public func mv(_ vector: Tensor) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            try Tensor.requireRanks("mv", self, 2, vector, 1)
            return matmul(vector)
        }
    }

    /// The product of two matrices (`torch.mm`). [M, K] · [K, N] → [M, N]
    ///
    /// - Parameters:
    ///   - other: [K, N].
    public func mm(_ other: Tensor) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            try Tensor.requireRanks("mm", self, 2, other, 2)
            return matmul(other)
        }
    }

    /// The products of two stacks of matrices (`torch.bmm`). [B, M, K] · [B, K, N] → [B, M, N]
    ///
    /// - Parameters:
    ///   - other: [B, K, N].
    public func bmm(_ other: Tensor) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            try Tensor.requireRanks("bmm", self, 3, other, 3)
            return .record(MatMul(), [self, other], gradientName: "BmmBackward0")[0]
        }
    }

    /// β · self + α · (left · right) (`torch.addmm`). [M, K] · [K, N] → [M, N], to which the tensor broadcasts.
    ///
    /// - Parameters:
    ///   - left: [M, K].
    ///   - right: [K, N].
    ///   - beta: what this tensor is multiplied by; `1` by default.
    ///   - alpha: what the product is multiplied by; `1` by default.
    public func addmm(_ left: Tensor, _ right: Tensor, beta: Double = 1, alpha: Double = 1) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            try Tensor.requireRanks("addmm", left, 2, right, 2)
            let product = left.matmul(right)
            guard Shape.broadcast(shape, product.shape) == product.shape else {
                throw TensorError(
                    "addmm",
                    "the tensor \(shape.brackets) does not stretch to the product \(product.shape.brackets).")
            }
            let scaled = alpha == 1 ? product : product * alpha
            // What is ignored may be NaN.
            guard beta != 0 else { return scaled.withGradientName("AddmmBackward0") }
            return ((beta == 1 ? self : self * beta) + scaled).withGradientName("AddmmBackward0")
        }
    }

    /// The products of all pairs of elements of two vectors (`torch.outer`). [M], [N] → [M, N]
    ///
    /// - Parameters:
    ///   - other: [N].
    public func outer(_ other: Tensor) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            try Tensor.requireRanks("outer", self, 1, other, 1)
            return unsqueeze(dim: 1) * other
        }
    }

    /// The Kronecker product: each element times the whole other tensor (`torch.kron`).
    ///
    /// [A₁, …, Aₙ], [B₁, …, Bₙ] → [A₁ · B₁, …, Aₙ · Bₙ]; missing dimensions in front count as 1.
    ///
    /// - Parameters:
    ///   - other: [B₁, …, Bₙ].
    public func kron(_ other: Tensor) -> Tensor {
        let rank = Swift.max(self.rank, other.rank)
        func padded(_ shape: Shape) -> [Int] { [Int](repeating: 1, count: rank - shape.rank) + shape.dimensions }
        let (left, right) = (padded(shape), padded(other.shape))
        let product =
            reshape(Shape(left.flatMap { [$0, 1] })) * other.reshape(Shape(right.flatMap { [1, $0] }))
        return product.reshape(Shape(zip(left, right).map { $0 * $1 }))
    }
}
