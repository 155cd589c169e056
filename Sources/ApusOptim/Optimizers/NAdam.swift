import ApusGraph
import ApusNN
import Foundation

/// Adam with Nesterov's momentum (`torch.optim.NAdam`; Dozat 2016).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`, in the parameter's step t = 1, 2, …:
/// g ← g + weightDecay · θ, or θ ← θ − lr · weightDecay · θ where the decay is decoupled;
/// μₜ = β₁ · (1 − ½ · 0.96^(t · momentumDecay)), Πₜ = μ₁ · … · μₜ;
/// m ← β₁ · m + (1 − β₁) · g; v ← β₂ · v + (1 − β₂) · g²;
/// θ ← θ − lr · ((1 − μₜ) / (1 − Πₜ) · g + μₜ₊₁ / (1 − Πₜ · μₜ₊₁) · m) / (√(v / (1 − β₂ᵗ)) + ε).
public final class NAdam: GroupedOptimizer<NAdam.Options> {
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
        /// How fast the momentum grows towards β₁.
        public var momentumDecay: Double
        /// Whether the decay is taken from the parameter, not added to the gradient.
        public var decoupledWeightDecay: Bool
        /// Whether the loss is made large instead.
        public var maximize: Bool

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the learning rate, at least 0; `2e-3` by default.
        ///   - betas: β₁ and β₂, the decay of the means of g and g², in 0 ..< 1; `(0.9, 0.999)` by default.
        ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-8` by default.
        ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
        ///   - momentumDecay: how fast the momentum grows towards β₁, at least 0; `4e-3` by default.
        ///   - decoupledWeightDecay: whether the decay is taken from the parameter, not added to the gradient; `false`
        ///     by default.
        ///   - maximize: whether the loss is made large instead; `false` by default.
        public init(
            lr: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0,
            momentumDecay: Double = 4e-3, decoupledWeightDecay: Bool = false, maximize: Bool = false
        ) {
            (self.lr, self.betas, self.eps, self.weightDecay) = (lr, betas, eps, weightDecay)
            (self.momentumDecay, self.decoupledWeightDecay) = (momentumDecay, decoupledWeightDecay)
            self.maximize = maximize
        }

        /// The momentum, or β₁, which schedulers may cycle.
        public var cycledMomentum: Double? {
            get { betas.0 }
            set { betas.0 = newValue ?? betas.0 }
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            let checks = OptionChecks("NAdam")
            try checks.notNegative([
                "lr": lr, "eps": eps, "weightDecay": weightDecay, "momentumDecay": momentumDecay,
            ])
            try checks.betas(betas)
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the learning rate, at least 0; `2e-3` by default.
    ///   - betas: β₁ and β₂, the decay of the means of g and g², in 0 ..< 1; `(0.9, 0.999)` by default.
    ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-8` by default.
    ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
    ///   - momentumDecay: how fast the momentum grows towards β₁, at least 0; `4e-3` by default.
    ///   - decoupledWeightDecay: whether the decay is taken from the parameter, not added to the gradient; `false` by
    ///     default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// A negative `lr`, `eps`, `weightDecay` or `momentumDecay`, and betas outside of 0 ..< 1, are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8,
        weightDecay: Double = 0, momentumDecay: Double = 4e-3, decoupledWeightDecay: Bool = false,
        maximize: Bool = false
    ) {
        let options = Options(
            lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, momentumDecay: momentumDecay,
            decoupledWeightDecay: decoupledWeightDecay, maximize: maximize)
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
            let step = gradient * scalars.gradientStep + mean * scalars.meanStep
            return data - step / (square.sqrt() * scalars.squareScale + scalars.eps)
        }
    }

    /// The hyperparameters of a group and a step as tensors that parameters share.
    private struct Scalars {
        let mean: RunningMean
        let square: RunningMean
        /// lr · (1 − μₜ) / (1 − Πₜ)
        let gradientStep: Tensor
        /// lr · μₜ₊₁ / (1 − Πₜ · μₜ₊₁)
        let meanStep: Tensor
        /// 1 / √(1 − β₂ᵗ)
        let squareScale: Tensor
        let eps: Tensor
        /// Whether the weight decays, and whether by itself, not by way of the gradient.
        let decays: Bool
        let isDecoupled: Bool
        /// The weight decay, or the factor 1 − lr · weightDecay where it is decoupled.
        let decay: Tensor

        init(_ options: Options, _ numbers: StepNumbers) {
            let (beta1, beta2) = options.betas
            func momentum(_ step: Int) -> Double {
                beta1 * (1 - 0.5 * pow(0.96, Double(step) * options.momentumDecay))
            }
            let (now, next) = (momentum(numbers.key.step), momentum(numbers.key.step + 1))
            // Πₜ
            let momentumProduct = (numbers.key.numbers["mu_product"] ?? 1) * now
            numbers.numbers["mu_product"] = momentumProduct
            mean = RunningMean(decay: beta1, numbers)
            square = RunningMean(decay: beta2, numbers)
            gradientStep = numbers.scalar(options.lr * (1 - now) / (1 - momentumProduct))
            meanStep = numbers.scalar(options.lr * next / (1 - momentumProduct * next))
            squareScale = numbers.scalar(1 / (1 - pow(beta2, Double(numbers.key.step))).squareRoot())
            eps = numbers.scalar(options.eps)
            decays = numbers.branch(options.weightDecay != 0)
            isDecoupled = numbers.branch(options.decoupledWeightDecay)
            decay = numbers.scalar(
                options.decoupledWeightDecay ? 1 - options.lr * options.weightDecay : options.weightDecay)
        }
    }
}
