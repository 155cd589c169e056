import ApusGraph
import ApusNN

/// Steps whose size follows from earlier steps (`torch.optim.Adadelta`; Zeiler 2012).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`:
/// g ← g + weightDecay · θ;
/// v ← ρ · v + (1 − ρ) · g²; δ = g · √(u + ε) / √(v + ε); u ← ρ · u + (1 − ρ) · δ²;
/// θ ← θ − lr · δ.
public final class Adadelta: GroupedOptimizer<Adadelta.Options> {
    /// The hyperparameters of a group of parameters.
    public struct Options: OptimizerOptions {
        /// The learning rate, at least 0.
        public var lr: Double
        /// ρ, the decay of the means of g² and δ².
        public var rho: Double
        /// ε, which keeps the quotient finite and lets the first step move.
        public var eps: Double
        /// The weight of θ in the gradient (L2), at least 0.
        public var weightDecay: Double
        /// Whether the loss is made large instead.
        public var maximize: Bool

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the learning rate, at least 0; `1` by default.
        ///   - rho: ρ, the decay of the means of g² and δ², 0 to 1; `0.9` by default.
        ///   - eps: ε, which keeps the quotient finite and lets the first step move, at least 0; `1e-6` by default.
        ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
        ///   - maximize: whether the loss is made large instead; `false` by default.
        public init(
            lr: Double = 1, rho: Double = 0.9, eps: Double = 1e-6, weightDecay: Double = 0, maximize: Bool = false
        ) {
            (self.lr, self.rho, self.eps) = (lr, rho, eps)
            (self.weightDecay, self.maximize) = (weightDecay, maximize)
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            try OptionChecks("Adadelta").notNegative(["lr": lr, "eps": eps, "weightDecay": weightDecay])
            guard rho >= 0, rho <= 1 else {
                throw TensorError("Adadelta", "rho is \(rho). It must be from 0 to 1.")
            }
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the learning rate, at least 0; `1` by default.
    ///   - rho: ρ, the decay of the means of g² and δ², 0 to 1; `0.9` by default.
    ///   - eps: ε, which keeps the quotient finite and lets the first step move, at least 0; `1e-6` by default.
    ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// A negative `lr`, `eps` or `weightDecay`, and `rho` outside of 0 … 1, are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1, rho: Double = 0.9, eps: Double = 1e-6, weightDecay: Double = 0,
        maximize: Bool = false
    ) {
        let options = Options(lr: lr, rho: rho, eps: eps, weightDecay: weightDecay, maximize: maximize)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        updateByNumbers(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            let gradient = scalars.decays ? gradient + data * scalars.decay : gradient
            let square = scalars.mean.ofSquares(state.tensors["square_avg"] ?? .zerosLike(data), gradient)
            let accumulated = state.tensors["acc_delta"] ?? .zerosLike(data)
            let step = (accumulated + scalars.eps).sqrt() / (square + scalars.eps).sqrt() * gradient
            state.tensors["square_avg"] = square
            state.tensors["acc_delta"] = scalars.mean.ofSquares(accumulated, step)
            return data - step * scalars.lr
        }
    }

    /// The hyperparameters of a group as tensors that parameters share.
    private struct Scalars {
        let lr: Tensor
        let mean: RunningMean
        let eps: Tensor
        /// Whether the weight decays.
        let decays: Bool
        let decay: Tensor

        init(_ options: Options, _ numbers: StepNumbers) {
            lr = numbers.scalar(options.lr)
            mean = RunningMean(decay: options.rho, numbers)
            eps = numbers.scalar(options.eps)
            decays = numbers.branch(options.weightDecay != 0)
            decay = numbers.scalar(options.weightDecay)
        }
    }
}
