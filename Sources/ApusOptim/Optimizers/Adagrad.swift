import ApusGraph
import ApusNN

/// Steps by the root of the sum of all squared gradients (`torch.optim.Adagrad`; Duchi, Hazan & Singer 2011).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`, in the parameter's step t = 1, 2, …:
/// g ← g + weightDecay · θ;
/// s ← s + g², from s = `initialAccumulatorValue`;
/// θ ← θ − lr / (1 + (t − 1) · lrDecay) · g / (√s + ε).
public final class Adagrad: GroupedOptimizer<Adagrad.Options> {
    public struct Options: OptimizerOptions {
        public var lr: Double
        public var lrDecay: Double
        public var weightDecay: Double
        /// The sum of squares to begin with.
        public var initialAccumulatorValue: Double
        /// ε, which keeps the quotient finite.
        public var eps: Double
        public var maximize: Bool

        public init(
            lr: Double = 1e-2, lrDecay: Double = 0, weightDecay: Double = 0, initialAccumulatorValue: Double = 0,
            eps: Double = 1e-10, maximize: Bool = false
        ) {
            (self.lr, self.lrDecay, self.weightDecay) = (lr, lrDecay, weightDecay)
            (self.initialAccumulatorValue, self.eps, self.maximize) = (initialAccumulatorValue, eps, maximize)
        }

        public func check() throws(TensorError) {
            try OptionChecks("Adagrad").notNegative([
                "lr": lr, "lrDecay": lrDecay, "weightDecay": weightDecay,
                "initialAccumulatorValue": initialAccumulatorValue, "eps": eps,
            ])
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// A negative `lr`, `lrDecay`, `weightDecay`, `initialAccumulatorValue` or `eps` is an error (see
    /// ``withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-2, lrDecay: Double = 0, weightDecay: Double = 0,
        initialAccumulatorValue: Double = 0, eps: Double = 1e-10, maximize: Bool = false
    ) {
        let options = Options(
            lr: lr, lrDecay: lrDecay, weightDecay: weightDecay, initialAccumulatorValue: initialAccumulatorValue,
            eps: eps, maximize: maximize)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        update(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            let gradient = options.weightDecay == 0 ? gradient : gradient + data * scalars.decay
            let sum =
                (state.tensors["sum"] ?? .fullLike(data, options.initialAccumulatorValue)) + gradient * gradient
            state.tensors["sum"] = sum
            return data - gradient * scalars.stepSize / (sum.sqrt() + scalars.eps)
        }
    }

    /// The hyperparameters of a group and a step as tensors that parameters share.
    private struct Scalars {
        /// lr / (1 + (t − 1) · lrDecay)
        let stepSize: Tensor
        let eps: Tensor
        let decay: Tensor

        init(_ options: Options, _ key: StepKey) {
            stepSize = key.scalar(options.lr / (1 + Double(key.step - 1) * options.lrDecay))
            eps = key.scalar(options.eps)
            decay = key.scalar(options.weightDecay)
        }
    }
}
