import ApusGraph
import ApusNN
import Foundation

/// Adaptive moment estimation (`torch.optim.Adam`; Kingma & Ba 2015).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`, in the parameter's step t = 1, 2, …:
/// g ← g + weightDecay · θ (``AdamW``: θ ← θ − lr · weightDecay · θ instead);
/// m ← β₁ · m + (1 − β₁) · g; v ← β₂ · v + (1 − β₂) · g²;
/// θ ← θ − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε).
/// With `amsgrad` the largest v so far stands in place of v (Reddi et al. 2018).
public class Adam: GroupedOptimizer<Adam.Options> {
    public struct Options: OptimizerOptions {
        public var lr: Double
        /// β₁ and β₂, the decay of the means of g and g².
        public var betas: (Double, Double)
        /// ε, which keeps the quotient finite.
        public var eps: Double
        public var weightDecay: Double
        public var amsgrad: Bool
        public var maximize: Bool
        /// Whether the decay is taken from the parameter (``AdamW``), not added to the gradient.
        public var decoupledWeightDecay: Bool

        public init(
            lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0,
            amsgrad: Bool = false, maximize: Bool = false, decoupledWeightDecay: Bool = false
        ) {
            (self.lr, self.betas, self.eps, self.weightDecay) = (lr, betas, eps, weightDecay)
            (self.amsgrad, self.maximize, self.decoupledWeightDecay) = (amsgrad, maximize, decoupledWeightDecay)
        }

        public func check() throws(TensorError) {
            let name = decoupledWeightDecay ? "AdamW" : "Adam"
            for (argument, value) in [("lr", lr), ("eps", eps), ("weightDecay", weightDecay)] {
                guard value >= 0 else { throw TensorError(name, "\(argument) is \(value). It must be 0 or more.") }
            }
            for (argument, value) in [("betas.0", betas.0), ("betas.1", betas.1)] {
                guard value >= 0, value < 1 else {
                    throw TensorError(name, "\(argument) is \(value). It must be at least 0 and below 1.")
                }
            }
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// A negative `lr`, `eps` or `weightDecay`, and betas outside of 0 ..< 1, are errors (see
    /// ``withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8,
        weightDecay: Double = 0, amsgrad: Bool = false, maximize: Bool = false
    ) {
        let options = Options(
            lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, amsgrad: amsgrad, maximize: maximize)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        // Parameters of one type that have had equally many steps share their scalars.
        var scalars: [ScalarKey: Scalars] = [:]
        for parameter in parameters {
            let key = ScalarKey(step: state(of: parameter).step + 1, dtype: parameter.dtype)
            let shared = scalars[key] ?? Scalars(options, key)
            scalars[key] = shared
            update(parameter, options, shared)
        }
    }

    private func update(_ parameter: Parameter, _ options: Options, _ scalars: Scalars) {
        guard var gradient = parameter.grad else { return }
        var state = state(of: parameter)
        var data = parameter.data
        if options.maximize { gradient = -gradient }
        if options.weightDecay != 0 {
            if options.decoupledWeightDecay {
                data = data * scalars.decay
            } else {
                gradient = gradient + data * scalars.decay
            }
        }
        let oldMean = state.tensors["exp_avg"] ?? .zerosLike(data)
        let oldSquare = state.tensors["exp_avg_sq"] ?? .zerosLike(data)
        // The form of `torch.lerp`: each keeps its precision where the other cancels.
        let mean =
            options.betas.0 > 0.5
            ? oldMean + (gradient - oldMean) * scalars.freshMean : gradient - (gradient - oldMean) * scalars.keptMean
        let square = oldSquare * scalars.keptSquare + gradient * scalars.freshSquare * gradient
        var largest = square
        if options.amsgrad {
            largest = state.tensors["max_exp_avg_sq"].map { $0.maximum(square) } ?? square
            state.tensors["max_exp_avg_sq"] = largest
        }
        let divisor = largest.sqrt() * scalars.squareScale + scalars.eps
        parameter.data = data - mean * scalars.stepSize / divisor
        state.tensors["exp_avg"] = mean
        state.tensors["exp_avg_sq"] = square
        state.step += 1
        setState(state, of: parameter)
    }

    private struct ScalarKey: Hashable {
        let step: Int
        let dtype: DType
    }

    /// The hyperparameters of a group and a step as tensors that parameters share.
    private struct Scalars {
        /// β₁
        let keptMean: Tensor
        /// 1 − β₁
        let freshMean: Tensor
        /// β₂
        let keptSquare: Tensor
        /// 1 − β₂
        let freshSquare: Tensor
        /// 1 / √(1 − β₂ᵗ)
        let squareScale: Tensor
        /// lr / (1 − β₁ᵗ)
        let stepSize: Tensor
        let eps: Tensor
        /// The weight decay, or the factor 1 − lr · weightDecay where it is decoupled.
        let decay: Tensor

        init(_ options: Options, _ key: ScalarKey) {
            func scalar(_ value: Double) -> Tensor { Tensor(scalar: value, dtype: key.dtype) }
            let (beta1, beta2) = options.betas
            keptMean = scalar(beta1)
            freshMean = scalar(1 - beta1)
            keptSquare = scalar(beta2)
            freshSquare = scalar(1 - beta2)
            squareScale = scalar(1 / (1 - pow(beta2, Double(key.step))).squareRoot())
            stepSize = scalar(options.lr / (1 - pow(beta1, Double(key.step))))
            eps = scalar(options.eps)
            decay = scalar(
                options.decoupledWeightDecay ? 1 - options.lr * options.weightDecay : options.weightDecay)
        }
    }
}
