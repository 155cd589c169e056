import ApusGraph
import ApusNN

/// Stochastic gradient descent, with momentum if asked for (`torch.optim.SGD`; Sutskever et al. 2013).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`:
/// g ← g + weightDecay · θ;
/// b ← momentum · b + (1 − dampening) · g, in the first step b ← g;
/// with nesterov g ← g + momentum · b, else g ← b;
/// θ ← θ − lr · g.
public final class SGD: GroupedOptimizer<SGD.Options> {
    /// The hyperparameters of a group of parameters.
    public struct Options: OptimizerOptions {
        /// The learning rate, at least 0.
        public var lr: Double
        /// How much of the last step is kept, at least 0.
        public var momentum: Double
        /// How much of the gradient the momentum leaves out.
        public var dampening: Double
        /// The weight of θ in the gradient (L2), at least 0.
        public var weightDecay: Double
        /// Whether the step looks ahead (Nesterov's momentum), for which there must be momentum and no dampening.
        public var nesterov: Bool
        /// Whether the loss is made large instead.
        public var maximize: Bool

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the learning rate, at least 0; `1e-3` by default.
        ///   - momentum: how much of the last step is kept, at least 0; `0` by default.
        ///   - dampening: how much of the gradient the momentum leaves out; `0` by default.
        ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
        ///   - nesterov: whether the step looks ahead (Nesterov's momentum), for which there must be momentum and no
        ///     dampening; `false` by default.
        ///   - maximize: whether the loss is made large instead; `false` by default.
        public init(
            lr: Double = 1e-3, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0,
            nesterov: Bool = false, maximize: Bool = false
        ) {
            (self.lr, self.momentum, self.dampening) = (lr, momentum, dampening)
            (self.weightDecay, self.nesterov, self.maximize) = (weightDecay, nesterov, maximize)
        }

        /// The momentum, or β₁, which schedulers may cycle.
        public var cycledMomentum: Double? {
            get { momentum }
            set { momentum = newValue ?? momentum }
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            try OptionChecks("SGD").notNegative(["lr": lr, "momentum": momentum, "weightDecay": weightDecay])
            guard !nesterov || (momentum > 0 && dampening == 0) else {
                throw TensorError(
                    "SGD",
                    "nesterov needs a momentum above 0 and no dampening, but momentum is \(momentum) and "
                        + "dampening is \(dampening).")
            }
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the learning rate, at least 0; `1e-3` by default.
    ///   - momentum: how much of the last step is kept, at least 0; `0` by default.
    ///   - dampening: how much of the gradient the momentum leaves out; `0` by default.
    ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
    ///   - nesterov: whether the step looks ahead (Nesterov's momentum), for which there must be momentum and no
    ///     dampening; `false` by default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// A negative `lr`, `momentum` or `weightDecay`, and `nesterov` without momentum or with dampening, are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-3, momentum: Double = 0, dampening: Double = 0,
        weightDecay: Double = 0, nesterov: Bool = false, maximize: Bool = false
    ) {
        let options = Options(
            lr: lr, momentum: momentum, dampening: dampening, weightDecay: weightDecay, nesterov: nesterov,
            maximize: maximize)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        updateByNumbers(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            var gradient = scalars.decays ? gradient + data * scalars.weightDecay : gradient
            if scalars.hasMomentum {
                let buffer =
                    state.tensors["momentum_buffer"].map { $0 * scalars.momentum + gradient * scalars.undampened }
                    ?? gradient
                state.tensors["momentum_buffer"] = buffer
                gradient = scalars.looksAhead ? gradient + buffer * scalars.momentum : buffer
            }
            return data - gradient * scalars.lr
        }
    }

    /// The hyperparameters of a group as tensors that all its parameters share.
    private struct Scalars {
        let lr: Tensor
        let hasMomentum: Bool
        let momentum: Tensor
        let looksAhead: Bool
        /// 1 − dampening
        let undampened: Tensor
        /// Whether the weight decays.
        let decays: Bool
        let weightDecay: Tensor

        init(_ options: Options, _ numbers: StepNumbers) {
            lr = numbers.scalar(options.lr)
            hasMomentum = numbers.branch(options.momentum != 0)
            momentum = numbers.scalar(options.momentum)
            looksAhead = numbers.branch(options.nesterov)
            undampened = numbers.scalar(1 - options.dampening)
            decays = numbers.branch(options.weightDecay != 0)
            weightDecay = numbers.scalar(options.weightDecay)
        }
    }
}
