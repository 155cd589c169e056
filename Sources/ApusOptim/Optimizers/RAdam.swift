import ApusGraph
import ApusNN
import Foundation

/// Adam with a rectified variance (`torch.optim.RAdam`; Liu et al. 2020).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`, in the parameter's step t = 1, 2, …:
/// g ← g + weightDecay · θ, or θ ← θ − lr · weightDecay · θ where the decay is decoupled;
/// m ← β₁ · m + (1 − β₁) · g; v ← β₂ · v + (1 − β₂) · g²;
/// ρ∞ = 2 / (1 − β₂) − 1, ρ = ρ∞ − 2 · t · β₂ᵗ / (1 − β₂ᵗ).
/// Where ρ > 5, with r = √((ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ)):
/// θ ← θ − lr / (1 − β₁ᵗ) · m · r · √(1 − β₂ᵗ) / (√v + ε);
/// before that, when v says too little, θ ← θ − lr / (1 − β₁ᵗ) · m.
public final class RAdam: GroupedOptimizer<RAdam.Options> {
    /// The hyperparameters of a group of parameters.
    public struct Options: OptimizerOptions {
        /// The learning rate, at least 0.
        public var lr: Double
        /// β₁ and β₂, the decay of the means of g and g².
        public var betas: (Double, Double)
        /// ε, which keeps the quotient finite.
        public var eps: Double
        /// The weight of θ in the gradient (L2), at least 0.
        public var weightDecay: Double
        /// Whether the decay is taken from the parameter, not added to the gradient.
        public var decoupledWeightDecay: Bool
        /// Whether the loss is made large instead.
        public var maximize: Bool

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the learning rate, at least 0; `1e-3` by default.
        ///   - betas: β₁ and β₂, the decay of the means of g and g², in 0 ..< 1; `(0.9, 0.999)` by default.
        ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-8` by default.
        ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
        ///   - decoupledWeightDecay: whether the decay is taken from the parameter, not added to the gradient; `false`
        ///     by default.
        ///   - maximize: whether the loss is made large instead; `false` by default.
        public init(
            lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0,
            decoupledWeightDecay: Bool = false, maximize: Bool = false
        ) {
            (self.lr, self.betas, self.eps, self.weightDecay) = (lr, betas, eps, weightDecay)
            (self.decoupledWeightDecay, self.maximize) = (decoupledWeightDecay, maximize)
        }

        /// The momentum, or β₁, which schedulers may cycle.
        public var cycledMomentum: Double? {
            get { betas.0 }
            set { betas.0 = newValue ?? betas.0 }
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            let checks = OptionChecks("RAdam")
            try checks.notNegative(["lr": lr, "eps": eps, "weightDecay": weightDecay])
            try checks.betas(betas)
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the learning rate, at least 0; `1e-3` by default.
    ///   - betas: β₁ and β₂, the decay of the means of g and g², in 0 ..< 1; `(0.9, 0.999)` by default.
    ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-8` by default.
    ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
    ///   - decoupledWeightDecay: whether the decay is taken from the parameter, not added to the gradient; `false` by
    ///     default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// A negative `lr`, `eps` or `weightDecay`, and betas outside of 0 ..< 1, are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8,
        weightDecay: Double = 0, decoupledWeightDecay: Bool = false, maximize: Bool = false
    ) {
        let options = Options(
            lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, decoupledWeightDecay: decoupledWeightDecay,
            maximize: maximize)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        updateByNumbers(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            var (data, gradient) = (data, gradient)
            if scalars.decays {
                if scalars.isDecoupled {
                    data = data * scalars.decay
                } else {
                    gradient = gradient + data * scalars.decay
                }
            }
            let mean = scalars.mean(state.tensors["exp_avg"] ?? .zerosLike(data), gradient)
            let square = scalars.square.ofSquares(state.tensors["exp_avg_sq"] ?? .zerosLike(data), gradient)
            state.tensors["exp_avg"] = mean
            state.tensors["exp_avg_sq"] = square
            let step = mean * scalars.stepSize
            return data - (scalars.isRectified ? step / (square.sqrt() + scalars.eps) : step)
        }
    }

    /// The hyperparameters of a group and a step as tensors that parameters share.
    private struct Scalars {
        let mean: RunningMean
        let square: RunningMean
        /// Whether ρ > 5.
        let isRectified: Bool
        /// lr / (1 − β₁ᵗ), with r · √(1 − β₂ᵗ) where rectified.
        let stepSize: Tensor
        let eps: Tensor
        /// Whether the weight decays, and whether by itself, not by way of the gradient.
        let decays: Bool
        let isDecoupled: Bool
        /// The weight decay, or the factor 1 − lr · weightDecay where it is decoupled.
        let decay: Tensor

        init(_ options: Options, _ numbers: StepNumbers) {
            let (beta1, beta2) = options.betas
            let step = Double(numbers.key.step)
            let correction = 1 - pow(beta2, step)
            let limit = 2 / (1 - beta2) - 1
            let length = limit - 2 * step * pow(beta2, step) / correction
            isRectified = numbers.branch(length > 5)
            var size = options.lr / (1 - pow(beta1, step))
            if isRectified {
                let part = (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
                size *= (part * correction).squareRoot()
            }
            mean = RunningMean(decay: beta1, numbers)
            square = RunningMean(decay: beta2, numbers)
            stepSize = numbers.scalar(size)
            eps = numbers.scalar(options.eps)
            decays = numbers.branch(options.weightDecay != 0)
            isDecoupled = numbers.branch(options.decoupledWeightDecay)
            decay = numbers.scalar(
                options.decoupledWeightDecay ? 1 - options.lr * options.weightDecay : options.weightDecay)
        }
    }
}
