import ApusGraph
import ApusNN
import Foundation

/// Adam by the infinity norm (`torch.optim.Adamax`; Kingma & Ba 2015).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`, in the parameter's step t = 1, 2, …:
/// g ← g + weightDecay · θ;
/// m ← β₁ · m + (1 − β₁) · g; u ← max(β₂ · u, |g| + ε);
/// θ ← θ − lr / (1 − β₁ᵗ) · m / u.
public final class Adamax: GroupedOptimizer<Adamax.Options> {
    /// The hyperparameters of a group of parameters.
    public struct Options: OptimizerOptions {
        /// The learning rate, at least 0.
        public var lr: Double
        /// β₁ and β₂, the decay of the mean of g and of the largest |g|.
        public var betas: (Double, Double)
        /// ε, which keeps the quotient finite.
        public var eps: Double
        /// The weight of θ in the gradient (L2), at least 0.
        public var weightDecay: Double
        /// Whether the loss is made large instead.
        public var maximize: Bool

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the learning rate, at least 0; `2e-3` by default.
        ///   - betas: β₁ and β₂, the decay of the mean of g and of the largest |g|, in 0 ..< 1; `(0.9, 0.999)` by
        ///     default.
        ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-8` by default.
        ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
        ///   - maximize: whether the loss is made large instead; `false` by default.
        public init(
            lr: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0,
            maximize: Bool = false
        ) {
            (self.lr, self.betas, self.eps) = (lr, betas, eps)
            (self.weightDecay, self.maximize) = (weightDecay, maximize)
        }

        /// The momentum, or β₁, which schedulers may cycle.
        public var cycledMomentum: Double? {
            get { betas.0 }
            set { betas.0 = newValue ?? betas.0 }
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            let checks = OptionChecks("Adamax")
            try checks.notNegative(["lr": lr, "eps": eps, "weightDecay": weightDecay])
            try checks.betas(betas)
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the learning rate, at least 0; `2e-3` by default.
    ///   - betas: β₁ and β₂, the decay of the mean of g and of the largest |g|, in 0 ..< 1; `(0.9, 0.999)` by default.
    ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-8` by default.
    ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// A negative `lr`, `eps` or `weightDecay`, and betas outside of 0 ..< 1, are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8,
        weightDecay: Double = 0, maximize: Bool = false
    ) {
        let options = Options(lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, maximize: maximize)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        updateByNumbers(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            let gradient = scalars.decays ? gradient + data * scalars.decay : gradient
            let mean = scalars.mean(state.tensors["exp_avg"] ?? .zerosLike(data), gradient)
            let largest = ((state.tensors["exp_inf"] ?? .zerosLike(data)) * scalars.keptLargest)
                .maximum(gradient.abs() + scalars.eps)
            state.tensors["exp_avg"] = mean
            state.tensors["exp_inf"] = largest
            return data - mean * scalars.stepSize / largest
        }
    }

    /// The hyperparameters of a group and a step as tensors that parameters share.
    private struct Scalars {
        let mean: RunningMean
        /// β₂
        let keptLargest: Tensor
        /// lr / (1 − β₁ᵗ)
        let stepSize: Tensor
        let eps: Tensor
        /// Whether the weight decays.
        let decays: Bool
        let decay: Tensor

        init(_ options: Options, _ numbers: StepNumbers) {
            mean = RunningMean(decay: options.betas.0, numbers)
            keptLargest = numbers.scalar(options.betas.1)
            stepSize = numbers.scalar(options.lr / (1 - pow(options.betas.0, Double(numbers.key.step))))
            eps = numbers.scalar(options.eps)
            decays = numbers.branch(options.weightDecay != 0)
            decay = numbers.scalar(options.weightDecay)
        }
    }
}
