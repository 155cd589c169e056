import ApusEngine
import ApusGraph
import ApusNN
import Foundation

/// Shrinks the gradients of all parameters together so that their norm is at most `maxNorm`, and returns the norm
/// before (`torch.nn.utils.clip_grad_norm_`).
///
/// With N the norm of all gradients as one vector: g ← g · min(1, maxNorm / (N + 10⁻⁶)). Nothing is computed before
/// the next step or before the norm, of shape [], is read. Parameters without gradients are left out.
///
/// - Parameters:
///   - parameters: whose gradients are clipped.
///   - maxNorm: the largest norm that is left.
///   - normType: p of the norm (Σ|g|ᵖ)^(1/p); `.infinity` for the largest magnitude. The norm is that of the
///     gradients' norms, which matters for 0 only: it counts the gradients that have an element other than 0; `2` by
///     default.
///   - errorIfNonfinite: whether a norm that is NaN or infinite is an error (see ``/ApusGraph/withTensorErrors(_:)``),
///     for which the gradients are computed at once; they are then left alone; `false` by default.
@discardableResult
public func clipGradNorm(
    _ parameters: [Parameter], maxNorm: Double, normType: Double = 2, errorIfNonfinite: Bool = false
) -> Tensor {
    noGrad {
        let clipped = parameters.compactMap { parameter in parameter.grad.map { (parameter, $0) } }
        guard let type = clipped.map({ $0.1.dtype }).max() else { return Tensor(scalar: 0, dtype: .float32) }
        let norms = clipped.map { vectorNorm($0.1, normType).cast(to: type).reshape([1]) }
        let norm = vectorNorm(.cat(norms), normType)
        if errorIfNonfinite {
            let value = norm.item()
            guard value.isFinite else {
                return .refuse(
                    TensorError(
                        "clipGradNorm",
                        "the norm of order \(normType) of the gradients is \(value), so they cannot be cut by it. Lower "
                            + "the learning rate, or pass errorIfNonfinite: false to scale them nevertheless."))
            }
        }
        let factor = (Tensor(scalar: maxNorm, dtype: type) / (norm + Tensor(scalar: 1e-6, dtype: type)))
            .minimum(Tensor(scalar: 1, dtype: type))
        for (parameter, gradient) in clipped { parameter.grad = gradient * factor.cast(to: gradient.dtype) }
        return norm
    }
}

/// Cuts each element of the gradients to −`clipValue` … `clipValue` (`torch.nn.utils.clip_grad_value_`).
///
/// Nothing is computed before the next step. Parameters without gradients are left out, NaN stays.
///
/// - Parameters:
///   - parameters: whose gradients are clipped.
///   - clipValue: the largest magnitude that is left.
public func clipGradValue(_ parameters: [Parameter], clipValue: Double) {
    noGrad {
        var bounds: [DType: (least: Tensor, most: Tensor)] = [:]
        for parameter in parameters {
            guard let gradient = parameter.grad else { continue }
            let (least, most) =
                bounds[gradient.dtype]
                ?? (
                    Tensor(scalar: -clipValue, dtype: gradient.dtype), Tensor(scalar: clipValue, dtype: gradient.dtype)
                )
            bounds[gradient.dtype] = (least, most)
            parameter.grad = gradient.maximum(least).minimum(most)
        }
    }
}

/// The norm of all elements, of shape [].
private func vectorNorm(_ tensor: Tensor, _ order: Double) -> Tensor {
    func scalar(_ value: Double) -> Tensor { Tensor(scalar: value, dtype: tensor.dtype) }
    switch order {
    case 2: return tensor.square().sum().sqrt()
    case 1: return tensor.abs().sum()
    case 0: return (tensor .!= scalar(0)).cast(to: tensor.dtype).sum()
    case .infinity: return tensor.abs().amax()
    case -.infinity: return tensor.abs().amin()
    default: return tensor.abs().pow(scalar(order)).sum().pow(scalar(1 / order))
    }
}
