import ApusGraph
import ApusNN

/// Steps by the root of a running mean of squared gradients (`torch.optim.RMSprop`; Hinton 2012, Graves 2013).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`:
/// g ← g + weightDecay · θ;
/// v ← α · v + (1 − α) · g²; where `centered` also a ← α · a + (1 − α) · g, and v − a² stands in place of v below;
/// q = g / (√v + ε), with momentum b ← momentum · b + q, which stands in place of q;
/// θ ← θ − lr · q.
public final class RMSprop: GroupedOptimizer<RMSprop.Options> {
    /// The hyperparameters of a group of parameters.
    public struct Options: OptimizerOptions {
        /// The learning rate, at least 0.
        public var lr: Double
        /// α, the decay of the mean of g².
        public var alpha: Double
        /// ε, which keeps the quotient finite.
        public var eps: Double
        /// The weight of θ in the gradient (L2), at least 0.
        public var weightDecay: Double
        /// How much of the last step is kept, at least 0.
        public var momentum: Double
        /// Whether g is measured by an estimate of its variance, not of its square.
        public var centered: Bool
        /// Whether the loss is made large instead.
        public var maximize: Bool

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the learning rate, at least 0; `1e-2` by default.
        ///   - alpha: α, the decay of the mean of g², at least 0; `0.99` by default.
        ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-8` by default.
        ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
        ///   - momentum: how much of the last step is kept, at least 0; `0` by default.
        ///   - centered: whether g is measured by an estimate of its variance, not of its square; `false` by default.
        ///   - maximize: whether the loss is made large instead; `false` by default.
        public init(
            lr: Double = 1e-2, alpha: Double = 0.99, eps: Double = 1e-8, weightDecay: Double = 0, momentum: Double = 0,
            centered: Bool = false, maximize: Bool = false
        ) {
            (self.lr, self.alpha, self.eps, self.weightDecay) = (lr, alpha, eps, weightDecay)
            (self.momentum, self.centered, self.maximize) = (momentum, centered, maximize)
        }

        /// The momentum, or β₁, which schedulers may cycle.
        public var cycledMomentum: Double? {
            get { momentum }
            set { momentum = newValue ?? momentum }
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            try OptionChecks("RMSprop").notNegative([
                "lr": lr, "eps": eps, "momentum": momentum, "weightDecay": weightDecay, "alpha": alpha,
            ])
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the learning rate, at least 0; `1e-2` by default.
    ///   - alpha: α, the decay of the mean of g², at least 0; `0.99` by default.
    ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-8` by default.
    ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
    ///   - momentum: how much of the last step is kept, at least 0; `0` by default.
    ///   - centered: whether g is measured by an estimate of its variance, not of its square; `false` by default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// A negative `lr`, `alpha`, `eps`, `weightDecay` or `momentum` is an error (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-2, alpha: Double = 0.99, eps: Double = 1e-8,
        weightDecay: Double = 0, momentum: Double = 0, centered: Bool = false, maximize: Bool = false
    ) {
        let options = Options(
            lr: lr, alpha: alpha, eps: eps, weightDecay: weightDecay, momentum: momentum, centered: centered,
            maximize: maximize)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        updateByNumbers(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            let gradient = scalars.decays ? gradient + data * scalars.decay : gradient
            let square = scalars.mean.ofSquares(state.tensors["square_avg"] ?? .zerosLike(data), gradient)
            state.tensors["square_avg"] = square
            var variance = square
            if scalars.isCentered {
                let mean = scalars.mean(state.tensors["grad_avg"] ?? .zerosLike(data), gradient)
                state.tensors["grad_avg"] = mean
                variance = square - mean * mean
            }
            let divisor = variance.sqrt() + scalars.eps
            guard scalars.hasMomentum else { return data - gradient * scalars.lr / divisor }
            let buffer =
                (state.tensors["momentum_buffer"] ?? .zerosLike(data)) * scalars.momentum + gradient / divisor
            state.tensors["momentum_buffer"] = buffer
            return data - buffer * scalars.lr
        }
    }

    /// The hyperparameters of a group as tensors that parameters share.
    private struct Scalars {
        let lr: Tensor
        let mean: RunningMean
        let eps: Tensor
        let isCentered: Bool
        let hasMomentum: Bool
        let momentum: Tensor
        /// Whether the weight decays.
        let decays: Bool
        let decay: Tensor

        init(_ options: Options, _ numbers: StepNumbers) {
            lr = numbers.scalar(options.lr)
            mean = RunningMean(decay: options.alpha, numbers)
            eps = numbers.scalar(options.eps)
            isCentered = numbers.branch(options.centered)
            hasMomentum = numbers.branch(options.momentum > 0)
            momentum = numbers.scalar(options.momentum)
            decays = numbers.branch(options.weightDecay != 0)
            decay = numbers.scalar(options.weightDecay)
        }
    }
}
