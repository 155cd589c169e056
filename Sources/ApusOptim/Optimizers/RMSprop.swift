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
    public struct Options: OptimizerOptions {
        public var lr: Double
        /// α, the decay of the mean of g².
        public var alpha: Double
        /// ε, which keeps the quotient finite.
        public var eps: Double
        public var weightDecay: Double
        public var momentum: Double
        /// Whether g is measured by an estimate of its variance, not of its square.
        public var centered: Bool
        public var maximize: Bool

        public init(
            lr: Double = 1e-2, alpha: Double = 0.99, eps: Double = 1e-8, weightDecay: Double = 0, momentum: Double = 0,
            centered: Bool = false, maximize: Bool = false
        ) {
            (self.lr, self.alpha, self.eps, self.weightDecay) = (lr, alpha, eps, weightDecay)
            (self.momentum, self.centered, self.maximize) = (momentum, centered, maximize)
        }

        public var cycledMomentum: Double? {
            get { momentum }
            set { momentum = newValue ?? momentum }
        }

        public func check() throws(TensorError) {
            try OptionChecks("RMSprop").notNegative([
                "lr": lr, "eps": eps, "momentum": momentum, "weightDecay": weightDecay, "alpha": alpha,
            ])
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// A negative `lr`, `alpha`, `eps`, `weightDecay` or `momentum` is an error (see ``withTensorErrors(_:)``).
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
        update(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            let gradient = options.weightDecay == 0 ? gradient : gradient + data * scalars.decay
            let square = scalars.mean.ofSquares(state.tensors["square_avg"] ?? .zerosLike(data), gradient)
            state.tensors["square_avg"] = square
            var variance = square
            if options.centered {
                let mean = scalars.mean(state.tensors["grad_avg"] ?? .zerosLike(data), gradient)
                state.tensors["grad_avg"] = mean
                variance = square - mean * mean
            }
            let divisor = variance.sqrt() + scalars.eps
            guard options.momentum > 0 else { return data - gradient * scalars.lr / divisor }
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
        let momentum: Tensor
        let decay: Tensor

        init(_ options: Options, _ key: StepKey) {
            lr = key.scalar(options.lr)
            mean = RunningMean(decay: options.alpha, key)
            eps = key.scalar(options.eps)
            momentum = key.scalar(options.momentum)
            decay = key.scalar(options.weightDecay)
        }
    }
}
