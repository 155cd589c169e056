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
    public struct Options: OptimizerOptions {
        public var lr: Double
        /// The pull towards 0.
        public var lambd: Double
        /// The power of the learning rate's decay.
        public var alpha: Double
        /// The step from which on the average begins.
        public var t0: Double
        public var weightDecay: Double
        public var maximize: Bool

        public init(
            lr: Double = 1e-2, lambd: Double = 1e-4, alpha: Double = 0.75, t0: Double = 1e6, weightDecay: Double = 0,
            maximize: Bool = false
        ) {
            (self.lr, self.lambd, self.alpha) = (lr, lambd, alpha)
            (self.t0, self.weightDecay, self.maximize) = (t0, weightDecay, maximize)
        }

        public func check() throws(TensorError) {
            try OptionChecks("ASGD").notNegative([
                "lr": lr, "lambd": lambd, "alpha": alpha, "weightDecay": weightDecay,
            ])
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// A negative `lr`, `lambd`, `alpha` or `weightDecay` is an error (see ``withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-2, lambd: Double = 1e-4, alpha: Double = 0.75, t0: Double = 1e6,
        weightDecay: Double = 0, maximize: Bool = false
    ) {
        let options = Options(
            lr: lr, lambd: lambd, alpha: alpha, t0: t0, weightDecay: weightDecay, maximize: maximize)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        update(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            let gradient = options.weightDecay == 0 ? gradient : gradient + data * scalars.decay
            let moved = data * scalars.kept - gradient * scalars.stepSize
            let average = state.tensors["ax"] ?? .zerosLike(data)
            state.tensors["ax"] = scalars.weight.map { average + (moved - average) * $0 } ?? moved
            state.numbers = scalars.next
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
        let decay: Tensor
        /// η and μ of the next step.
        let next: [String: Double]

        init(_ options: Options, _ key: StepKey) {
            let eta = key.numbers["eta"] ?? options.lr
            let mu = key.numbers["mu"] ?? 1
            stepSize = key.scalar(eta)
            kept = key.scalar(1 - options.lambd * eta)
            weight = mu == 1 ? nil : key.scalar(mu)
            decay = key.scalar(options.weightDecay)
            let step = Double(key.step)
            next = [
                "eta": options.lr / pow(1 + options.lambd * options.lr * step, options.alpha),
                "mu": 1 / max(1, step - options.t0),
            ]
        }
    }
}
