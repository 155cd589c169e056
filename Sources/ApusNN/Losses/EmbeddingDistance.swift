import ApusGraph

extension Tensor {
    /// ‖a − b + ε‖ₚ along the last dimension, as a loss of embeddings takes it; at distance 0 the gradient is 0.
    func embeddingDistance(to other: Tensor, p: Double, eps: Double) -> Tensor {
        let difference = self - other + eps
        // The distance of two numbers is that of two vectors of one element.
        let vectors = difference.rank > 0 ? difference : difference.unsqueeze(dim: 0)
        return vectors.vectorNorm(p)
    }

    /// The p-norm along the last dimension.
    private func vectorNorm(_ p: Double) -> Tensor {
        switch p {
        case 0: return (self .!= 0).cast(to: dtype).sum(dim: -1)
        case 1: return abs().sum(dim: -1)
        case 2:
            let squares = square().sum(dim: -1)
            let isZero = squares .== 0
            return squares.maskedFill(isZero, 1).sqrt().maskedFill(isZero, 0)
        case .infinity: return abs().amax(dim: [-1])
        case -.infinity: return abs().amin(dim: [-1])
        default:
            // Divided by the largest element nothing overflows. The norm does not depend on the divisor, so that no
            // gradient need pass it.
            let magnitudes = abs()
            let largest = noGrad { magnitudes.detach().amax(dim: [-1], keepdim: true) }
            let isZero = largest .== 0
            let scale = largest.maskedFill(isZero.logicalOr(largest .== Double.infinity), 1)
            let absent = self .== 0
            let absentPower: Double = p > 0 ? 0 : .infinity
            let powers = (magnitudes / scale).maskedFill(absent, 1).pow(p).maskedFill(absent, absentPower)
            let sum = powers.sum(dim: -1)
            let isNothing = p > 0 ? isZero.squeeze(dim: -1) : (sum .== Double.infinity)
            return sum.maskedFill(isNothing, 1).pow(1 / p).maskedFill(isNothing, 0) * scale.squeeze(dim: -1)
        }
    }
}
