import ApusGraph
import ApusNN
import Foundation

/// Averaged stochastic gradient descent (`torch.optim.ASGD`; Polyak & Juditsky 1992).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`, in the parameter's step t = 1, 2, …:
/// g ← g + weightDecay · θ; θ ← (1 − lambd · η) · θ − η · g; a ← a + μ · (θ − a);
/// then η ← lr / (1 + lambd · lr · t)^alpha, from η = lr, and μ ← 1 / max(1, t − t0), from μ = 1.
/// The average a is the state `ax`; the parameter itself is θ.
public final class ASGD: GroupedOptimizer<ASGD.Options> {
    /// The hyperparameters of a group of parameters.
    public struct Options: OptimizerOptions {
        /// The learning rate, at least 0.
        public var lr: Double
        /// The pull towards 0.
        public var lambd: Double
        /// The power of the learning rate's decay.
        public var alpha: Double
        /// The step from which on the average begins.
        public var t0: Double
        /// The weight of θ in the gradient (L2), at least 0.
        public var weightDecay: Double
        /// Whether the loss is made large instead.
        public var maximize: Bool

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the learning rate, at least 0; `1e-2` by default.
        ///   - lambd: the pull towards 0, at least 0; `1e-4` by default.
        ///   - alpha: the power of the learning rate's decay, at least 0; `0.75` by default.
        ///   - t0: the step from which on the average begins; `1e6` by default.
        ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
        ///   - maximize: whether the loss is made large instead; `false` by default.
        public init(
            lr: Double = 1e-2, lambd: Double = 1e-4, alpha: Double = 0.75, t0: Double = 1e6, weightDecay: Double = 0,
            maximize: Bool = false
        ) {
            (self.lr, self.lambd, self.alpha) = (lr, lambd, alpha)
            (self.t0, self.weightDecay, self.maximize) = (t0, weightDecay, maximize)
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            try OptionChecks("ASGD").notNegative([
                "lr": lr, "lambd": lambd, "alpha": alpha, "weightDecay": weightDecay,
            ])
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the learning rate, at least 0; `1e-2` by default.
    ///   - lambd: the pull towards 0, at least 0; `1e-4` by default.
    ///   - alpha: the power of the learning rate's decay, at least 0; `0.75` by default.
    ///   - t0: the step from which on the average begins; `1e6` by default.
    ///   - weightDecay: the weight of θ in the gradient (L2), at least 0; `0` by default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// A negative `lr`, `lambd`, `alpha` or `weightDecay` is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-2, lambd: Double = 1e-4, alpha: Double = 0.75, t0: Double = 1e6,
        weightDecay: Double = 0, maximize: Bool = false
    ) {
        let options = Options(
            lr: lr, lambd: lambd, alpha: alpha, t0: t0, weightDecay: weightDecay, maximize: maximize)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        updateByNumbers(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            let gradient = scalars.decays ? gradient + data * scalars.decay : gradient
            let moved = data * scalars.kept - gradient * scalars.stepSize
            let average = state.tensors["ax"] ?? .zerosLike(data)
            state.tensors["ax"] = scalars.weight.map { average + (moved - average) * $0 } ?? moved
            return moved
        }
    }

    /// The hyperparameters of a group and a step as tensors that parameters share.
    private struct Scalars {
        /// η
        let stepSize: Tensor
        /// 1 − lambd · η
        let kept: Tensor
        /// μ; nil where it is 1.
        let weight: Tensor?
        /// Whether the weight decays.
        let decays: Bool
        let decay: Tensor

        init(_ options: Options, _ numbers: StepNumbers) {
            let eta = numbers.key.numbers["eta"] ?? options.lr
            let mu = numbers.key.numbers["mu"] ?? 1
            stepSize = numbers.scalar(eta)
            kept = numbers.scalar(1 - options.lambd * eta)
            weight = numbers.branch(mu == 1) ? nil : numbers.scalar(mu)
            decays = numbers.branch(options.weightDecay != 0)
            decay = numbers.scalar(options.weightDecay)
            let step = Double(numbers.key.step)
            // Those of the next step.
            numbers.numbers = [
                "eta": options.lr / pow(1 + options.lambd * options.lr * step, options.alpha),
                "mu": 1 / max(1, step - options.t0),
            ]
        }
    }
}
