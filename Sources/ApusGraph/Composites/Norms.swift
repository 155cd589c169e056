extension Tensor {
    /// The p-norm (Σ |x|ᵖ)^(1/p) (`torch.linalg.vector_norm`, and `torch.norm` of real numbers).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar. Where the norm is 0 the gradient
    /// is 0.
    ///
    /// - Parameters:
    ///   - p: any number: ∞ gives the largest magnitude, −∞ the smallest, 0 the number of elements that are not 0; `2`
    ///     by default.
    ///   - dim: dimensions, of which negative ones count from the end; all where it is `nil`, which is the default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func norm(_ p: Double = 2, dim: [Int]? = nil, keepdim: Bool = false) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard dtype.isFloatingPoint else {
                throw TensorError("norm", "the norm of \(dtype) is not defined. Cast to .float32 first.")
            }
            guard !p.isNaN else { throw TensorError("norm", "p is NaN. It must be a number or infinite.") }
            let dimensions = try shape.resolve(dimensions: dim, operation: "norm")
            guard p >= 0 || !dimensions.contains(where: { shape[$0] == 0 }), count > 0 || p < .infinity
            else {
                throw TensorError(
                    "norm", "the norm for p = \(p) of no elements, in \(shape.brackets), is not defined.")
            }
            return magnitude(p, dimensions, keepdim).withGradientName("LinalgVectorNormBackward0")
        }
    }

    /// The p-norm (Σ |x|ᵖ)^(1/p) along one dimension (`torch.linalg.vector_norm`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`.
    ///
    /// - Parameters:
    ///   - p: any number, ∞, −∞ and 0 too; `2` by default.
    ///   - dim: the dimension; negative ones count from the end.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func norm(_ p: Double = 2, dim: Int, keepdim: Bool = false) -> Tensor {
        norm(p, dim: [dim], keepdim: keepdim)
    }

    private func magnitude(_ p: Double, _ dimensions: [Int], _ keepdim: Bool) -> Tensor {
        // A scalar has no dimension to reduce.
        func sum(_ terms: Tensor) -> Tensor {
            rank == 0 ? terms : terms.sum(dim: dimensions, keepdim: keepdim)
        }
        switch p {
        case .infinity: return rank == 0 ? abs() : abs().amax(dim: dimensions, keepdim: keepdim)
        case -.infinity: return rank == 0 ? abs() : abs().amin(dim: dimensions, keepdim: keepdim)
        case 0: return sum((self .!= 0).cast(to: dtype))
        case 1: return sum(abs())
        case 2: return sum(square()).root { $0.sqrt() }
        default:
            // At 0 a power may have no slope; PyTorch's gradient there is 0.
            let size = abs()
            let isZero = size .== 0
            let powers = size.maskedFill(isZero, 1).pow(p).maskedFill(isZero, p < 0 ? .infinity : 0)
            return sum(powers).root { $0.pow(1 / p) }
        }
    }

    /// A root of a sum that is not negative; it has no slope at 0, where the gradient is made 0.
    private func root(_ function: (Tensor) -> Tensor) -> Tensor {
        let isZero = self .== 0
        return function(maskedFill(isZero, 1)).maskedFill(isZero, 0)
    }

    /// The tensor divided by its p-norm, or by `eps` where that is larger (`torch.nn.functional.normalize`): [*] → [*].
    ///
    /// - Parameters:
    ///   - p: the exponent of the norm; `2` by default.
    ///   - dim: the dimensions of the norm; `[1]` by default.
    ///   - eps: the least divisor; `1e-12` by default.
    public func normalize(p: Double = 2, dim: [Int] = [1], eps: Double = 1e-12) -> Tensor {
        self / norm(p, dim: dim, keepdim: true).clamp(min: eps)
    }

    /// The tensor divided by its p-norm along one dimension, or by `eps` where that is larger
    /// (`torch.nn.functional.normalize`): [*] → [*].
    ///
    /// - Parameters:
    ///   - p: the exponent of the norm; `2` by default.
    ///   - dim: the dimension; negative ones count from the end.
    ///   - eps: the least divisor; `1e-12` by default.
    public func normalize(p: Double = 2, dim: Int, eps: Double = 1e-12) -> Tensor {
        normalize(p: p, dim: [dim], eps: eps)
    }

    /// The cosine of the angle between vectors along `dim`: x · y / (max(‖x‖, ε) · max(‖y‖, ε))
    /// (`torch.nn.functional.cosine_similarity`).
    ///
    /// Two tensors [.., S, ..], which broadcast → [.., ..].
    ///
    /// - Parameters:
    ///   - other: y.
    ///   - dim: the dimension; negative ones count from the end; `1` by default.
    ///   - eps: ε, the least norm; `1e-8` by default.
    public func cosineSimilarity(_ other: Tensor, dim: Int = 1, eps: Double = 1e-8) -> Tensor {
        .checked(like: [self, other]) { () throws(TensorError) in
            guard let common = Shape.broadcast(shape, other.shape) else {
                throw TensorError(
                    "cosine_similarity",
                    "the shapes \(shape.brackets) and \(other.shape.brackets) do not broadcast: aligned at the end, "
                        + "sizes must be equal or 1.")
            }
            let dimension = try common.resolve(dimension: dim, operation: "cosine_similarity")
            let operands = Tensor.promote([self, other], isReal: true).map { $0.expand(common) }
            let units = operands.map { operand in
                let length = operand.norm(dim: dimension, keepdim: true)
                // As in PyTorch the bound on the length takes no part in the gradient.
                let excess = noGrad { (length.clamp(min: eps) - length).detach() }
                return operand / (length + excess)
            }
            return (units[0] * units[1]).sum(dim: dimension).withGradientName("SumBackward1")
        }
    }

    /// The p-norm of the differences along the last dimension, ‖x − y + ε‖ (`torch.nn.functional.pairwise_distance`).
    ///
    /// Two tensors [.., S], which broadcast → [..], or [.., 1] where `keepdim`.
    ///
    /// - Parameters:
    ///   - other: y.
    ///   - p: the exponent of the norm; `2` by default.
    ///   - eps: ε, which is added to each difference; `1e-6` by default.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func pairwiseDistance(
        _ other: Tensor, p: Double = 2, eps: Double = 1e-6, keepdim: Bool = false
    ) -> Tensor {
        let difference = self - other + eps
        guard difference.rank > 0 else { return difference.norm(p) }
        return difference.norm(p, dim: -1, keepdim: keepdim).withGradientName("NormBackward1")
    }
}
