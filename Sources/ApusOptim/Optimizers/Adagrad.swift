import ApusGraph
import ApusNN

/// Steps by the root of the sum of all squared gradients (`torch.optim.Adagrad`; Duchi, Hazan & Singer 2011).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`, in the parameter's step t = 1, 2, …:
/// g ← g + weightDecay · θ;
/// s ← s + g², from s = `initialAccumulatorValue`;
/// θ ← θ − lr / (1 + (t − 1) · lrDecay) · g / (√s + ε).
public final class Adagrad: GroupedOptimizer<Adagrad.Options> {
    /// The hyperparameters of a group of parameters.
    public struct Options: OptimizerOptions {
        /// The learning rate, at least 0.
        public var lr: Double
        /// How fast the learning rate falls, at least 0.
        public var lrDecay: Double
        /// The weight of θ in the gradient (L2), at least 0.
        public var weightDecay: Double
        /// The sum of squares to begin with.
        public var initialAccumulatorValue: Double
        /// ε, which keeps the quotient finite.
        public var eps: Double
        /// Whether the loss is made large instead.
        public var maximize: Bool

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the learning rate, at least 0; `1e-2` by default.
        ///   - lrDecay: how fast the learning rate falls, at least 0; `0` by default.
        ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
        ///   - initialAccumulatorValue: the sum of squares to begin with, at least 0; `0` by default.
        ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-10` by default.
        ///   - maximize: whether the loss is made large instead; `false` by default.
        public init(
            lr: Double = 1e-2, lrDecay: Double = 0, weightDecay: Double = 0, initialAccumulatorValue: Double = 0,
            eps: Double = 1e-10, maximize: Bool = false
        ) {
            (self.lr, self.lrDecay, self.weightDecay) = (lr, lrDecay, weightDecay)
            (self.initialAccumulatorValue, self.eps, self.maximize) = (initialAccumulatorValue, eps, maximize)
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            try OptionChecks("Adagrad").notNegative([
                "lr": lr, "lrDecay": lrDecay, "weightDecay": weightDecay,
                "initialAccumulatorValue": initialAccumulatorValue, "eps": eps,
            ])
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the learning rate, at least 0; `1e-2` by default.
    ///   - lrDecay: how fast the learning rate falls, at least 0; `0` by default.
    ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
    ///   - initialAccumulatorValue: the sum of squares to begin with, at least 0; `0` by default.
    ///   - eps: ε, which keeps the quotient finite, at least 0; `1e-10` by default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// A negative `lr`, `lrDecay`, `weightDecay`, `initialAccumulatorValue` or `eps` is an error (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
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
        updateByNumbers(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            let gradient = scalars.decays ? gradient + data * scalars.decay : gradient
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
        /// Whether the weight decays.
        let decays: Bool
        let decay: Tensor

        init(_ options: Options, _ numbers: StepNumbers) {
            stepSize = numbers.scalar(options.lr / (1 + Double(numbers.key.step - 1) * options.lrDecay))
            eps = numbers.scalar(options.eps)
            decays = numbers.branch(options.weightDecay != 0)
            decay = numbers.scalar(options.weightDecay)
        }
    }
}
