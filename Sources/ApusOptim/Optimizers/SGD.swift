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
    public struct Options: OptimizerOptions {
        public var lr: Double
        public var momentum: Double
        public var dampening: Double
        public var weightDecay: Double
        public var nesterov: Bool
        public var maximize: Bool

        public init(
            lr: Double = 1e-3, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0,
            nesterov: Bool = false, maximize: Bool = false
        ) {
            (self.lr, self.momentum, self.dampening) = (lr, momentum, dampening)
            (self.weightDecay, self.nesterov, self.maximize) = (weightDecay, nesterov, maximize)
        }

        public var cycledMomentum: Double? {
            get { momentum }
            set { momentum = newValue ?? momentum }
        }

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
    /// A negative `lr`, `momentum` or `weightDecay`, and `nesterov` without momentum or with dampening, are errors (see
    /// ``withTensorErrors(_:)``).
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
        update(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            var gradient = options.weightDecay == 0 ? gradient : gradient + data * scalars.weightDecay
            if options.momentum != 0 {
                let buffer =
                    state.tensors["momentum_buffer"].map { $0 * scalars.momentum + gradient * scalars.undampened }
                    ?? gradient
                state.tensors["momentum_buffer"] = buffer
                gradient = options.nesterov ? gradient + buffer * scalars.momentum : buffer
            }
            return data - gradient * scalars.lr
        }
    }

    /// The hyperparameters of a group as tensors that all its parameters share.
    private struct Scalars {
        let lr: Tensor
        let momentum: Tensor
        /// 1 − dampening
        let undampened: Tensor
        let weightDecay: Tensor

        init(_ options: Options, _ key: StepKey) {
            lr = key.scalar(options.lr)
            momentum = key.scalar(options.momentum)
            undampened = key.scalar(1 - options.dampening)
            weightDecay = key.scalar(options.weightDecay)
        }
    }
}
