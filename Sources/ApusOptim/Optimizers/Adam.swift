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
        /// Whether the largest v so far stands in place of v.
        public var amsgrad: Bool
        /// Whether the loss is made large instead.
        public var maximize: Bool
        /// Whether the decay is taken from the parameter (``AdamW``), not added to the gradient.
        public var decoupledWeightDecay: Bool

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the learning rate, at least 0; `1e-3` by default.
        ///   - betas: β₁ and β₂, the decay of the means of g and g², in 0 ..< 1; `(0.9, 0.999)` by default.
        ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-8` by default.
        ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
        ///   - amsgrad: whether the largest v so far stands in place of v; `false` by default.
        ///   - maximize: whether the loss is made large instead; `false` by default.
        ///   - decoupledWeightDecay: whether the decay is taken from the parameter (``AdamW``), not added to the
        ///     gradient; `false` by default.
        public init(
            lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0,
            amsgrad: Bool = false, maximize: Bool = false, decoupledWeightDecay: Bool = false
        ) {
            (self.lr, self.betas, self.eps, self.weightDecay) = (lr, betas, eps, weightDecay)
            (self.amsgrad, self.maximize, self.decoupledWeightDecay) = (amsgrad, maximize, decoupledWeightDecay)
        }

        /// The momentum, or β₁, which schedulers may cycle.
        public var cycledMomentum: Double? {
            get { betas.0 }
            set { betas.0 = newValue ?? betas.0 }
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            let checks = OptionChecks(decoupledWeightDecay ? "AdamW" : "Adam")
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
    ///   - amsgrad: whether the largest v so far stands in place of v; `false` by default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///   - decoupledWeightDecay: whether the weight decay shrinks θ itself, as in ``AdamW``, instead of joining the
    ///     gradient; `false` by default.
    ///
    /// A negative `lr`, `eps` or `weightDecay`, and betas outside of 0 ..< 1, are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8,
        weightDecay: Double = 0, amsgrad: Bool = false, maximize: Bool = false, decoupledWeightDecay: Bool = false
    ) {
        let options = Options(
            lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, amsgrad: amsgrad, maximize: maximize,
            decoupledWeightDecay: decoupledWeightDecay)
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
            var largest = square
            if scalars.isAMSGrad {
                largest = state.tensors["max_exp_avg_sq"].map { $0.maximum(square) } ?? square
                state.tensors["max_exp_avg_sq"] = largest
            }
            return data - mean * scalars.stepSize / (largest.sqrt() * scalars.squareScale + scalars.eps)
        }
    }

    /// The hyperparameters of a group and a step as tensors that parameters share.
    private struct Scalars {
        let mean: RunningMean
        let square: RunningMean
        /// 1 / √(1 − β₂ᵗ)
        let squareScale: Tensor
        /// lr / (1 − β₁ᵗ)
        let stepSize: Tensor
        let eps: Tensor
        let isAMSGrad: Bool
        /// Whether the weight decays, and whether by itself, not by way of the gradient.
        let decays: Bool
        let isDecoupled: Bool
        /// The weight decay, or the factor 1 − lr · weightDecay where it is decoupled.
        let decay: Tensor

        init(_ options: Options, _ numbers: StepNumbers) {
            let (beta1, beta2) = options.betas
            mean = RunningMean(decay: beta1, numbers)
            square = RunningMean(decay: beta2, numbers)
            squareScale = numbers.scalar(1 / (1 - pow(beta2, Double(numbers.key.step))).squareRoot())
            stepSize = numbers.scalar(options.lr / (1 - pow(beta1, Double(numbers.key.step))))
            eps = numbers.scalar(options.eps)
            isAMSGrad = numbers.branch(options.amsgrad)
            decays = numbers.branch(options.weightDecay != 0)
            isDecoupled = numbers.branch(options.decoupledWeightDecay)
            decay = numbers.scalar(
                options.decoupledWeightDecay ? 1 - options.lr * options.weightDecay : options.weightDecay)
        }
    }
}
