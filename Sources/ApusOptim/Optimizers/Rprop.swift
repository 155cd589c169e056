import ApusGraph
import ApusNN

/// Resilient propagation: each element has a step of its own, by the signs of its gradients (`torch.optim.Rprop`;
/// Riedmiller & Braun 1993).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`, and g₀ of the step before:
/// where g · g₀ > 0 the step δ ← δ · η⁺; where g · g₀ < 0 δ ← δ · η⁻ and g ← 0; from δ = lr;
/// δ is cut to `stepSizes`; θ ← θ − sign(g) · δ.
/// It needs the gradient of the whole data set: with mini-batches the signs change by chance.
public final class Rprop: GroupedOptimizer<Rprop.Options> {
    /// The hyperparameters of a group of parameters.
    public struct Options: OptimizerOptions {
        /// The step of each element to begin with.
        public var lr: Double
        /// η⁻ and η⁺, by which a step shrinks and grows.
        public var etas: (Double, Double)
        /// The smallest and the largest step.
        public var stepSizes: (Double, Double)
        /// Whether the loss is made large instead.
        public var maximize: Bool

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the step of each element to begin with, at least 0; `1e-2` by default.
        ///   - etas: η⁻ and η⁺, by which a step shrinks and grows, 0 < η⁻ < 1 < η⁺; `(0.5, 1.2)` by default.
        ///   - stepSizes: the smallest and the largest step; `(1e-6, 50)` by default.
        ///   - maximize: whether the loss is made large instead; `false` by default.
        public init(
            lr: Double = 1e-2, etas: (Double, Double) = (0.5, 1.2), stepSizes: (Double, Double) = (1e-6, 50),
            maximize: Bool = false
        ) {
            (self.lr, self.etas, self.stepSizes, self.maximize) = (lr, etas, stepSizes, maximize)
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            try OptionChecks("Rprop").notNegative(["lr": lr])
            guard 0 < etas.0, etas.0 < 1, 1 < etas.1 else {
                throw TensorError(
                    "Rprop",
                    "etas are \(etas.0) and \(etas.1). The first must lie between 0 and 1, the second above 1.")
            }
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the step of each element to begin with, at least 0; `1e-2` by default.
    ///   - etas: η⁻ and η⁺, by which a step shrinks and grows, 0 < η⁻ < 1 < η⁺; `(0.5, 1.2)` by default.
    ///   - stepSizes: the smallest and the largest step; `(1e-6, 50)` by default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// A negative `lr`, and `etas` unlike 0 < η⁻ < 1 < η⁺, are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-2, etas: (Double, Double) = (0.5, 1.2),
        stepSizes: (Double, Double) = (1e-6, 50), maximize: Bool = false
    ) {
        let options = Options(lr: lr, etas: etas, stepSizes: stepSizes, maximize: maximize)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        updateByNumbers(parameters, maximize: options.maximize) {
            Scalars(options, $0)
        } rule: { data, gradient, state, scalars in
            let agreement = gradient * (state.tensors["prev"] ?? .zerosLike(data))
            let turns = agreement .< scalars.zero
            let growth = scalars.shrink.where(
                turns, else: scalars.grow.where(agreement .> scalars.zero, else: scalars.one))
            let stepSize = ((state.tensors["step_size"] ?? .fullLike(data, options.lr)) * growth)
                .maximum(scalars.smallest).minimum(scalars.largest)
            let gradient = scalars.zero.where(turns, else: gradient)
            state.tensors["prev"] = gradient
            state.tensors["step_size"] = stepSize
            return data - gradient.sign() * stepSize
        }
    }

    /// The hyperparameters of a group as tensors that parameters share.
    private struct Scalars {
        let zero: Tensor
        let one: Tensor
        let shrink: Tensor
        let grow: Tensor
        let smallest: Tensor
        let largest: Tensor

        init(_ options: Options, _ numbers: StepNumbers) {
            zero = numbers.scalar(0)
            one = numbers.scalar(1)
            shrink = numbers.scalar(options.etas.0)
            grow = numbers.scalar(options.etas.1)
            smallest = numbers.scalar(options.stepSizes.0)
            largest = numbers.scalar(options.stepSizes.1)
        }
    }
}
