import ApusGraph
import ApusNN
import Foundation

/// Adaptive steps whose memory is a row and a column for each matrix (`torch.optim.Adafactor`; Shazeer & Stern 2018).
///
/// With the gradient g of the loss by the parameter θ, negated where `maximize`, in the parameter's step t = 1, 2, …:
/// β = 1 − t^beta2Decay; α = max(ε₂, RMS(θ)) · min(lr, 1 / √t); θ ← θ − lr · weightDecay · θ;
/// of matrices (the last two dimensions) r ← β · r + (1 − β) · mean of g² by rows, c likewise by columns, and
/// v = r · c / max(mean(r), ε₁); of vectors v ← β · v + (1 − β) · g²;
/// u = g / √max(v, ε₁²); θ ← θ − α · u / max(1, RMS(u) / d).
public final class Adafactor: GroupedOptimizer<Adafactor.Options> {
    /// The hyperparameters of a group of parameters.
    public struct Options: OptimizerOptions {
        /// The largest relative step.
        public var lr: Double
        /// The power with which the weight of a new square falls, 0 or less.
        public var beta2Decay: Double
        /// ε₁ (nil: the type's own precision) and ε₂, the least size that a parameter counts for.
        public var eps: (Double?, Double)
        /// The largest RMS of an update.
        public var d: Double
        /// What is taken from θ in each step, times `lr`, at least 0.
        public var weightDecay: Double
        /// Whether the loss is made large instead.
        public var maximize: Bool

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the largest relative step, at least 0; `1e-2` by default.
        ///   - beta2Decay: the power with which the weight of a new square falls, 0 or less; `-0.8` by default.
        ///   - eps: ε₁ (nil: the type's own precision) and ε₂, the least size that a parameter counts for; `(nil,
        ///     1e-3)` by default.
        ///   - d: the largest RMS of an update, at least 1; `1` by default.
        ///   - weightDecay: what is taken from θ in each step, times `lr`, at least 0; `0` by default.
        ///   - maximize: whether the loss is made large instead; `false` by default.
        public init(
            lr: Double = 1e-2, beta2Decay: Double = -0.8, eps: (Double?, Double) = (nil, 1e-3), d: Double = 1,
            weightDecay: Double = 0, maximize: Bool = false
        ) {
            (self.lr, self.beta2Decay, self.eps) = (lr, beta2Decay, eps)
            (self.d, self.weightDecay, self.maximize) = (d, weightDecay, maximize)
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            try OptionChecks("Adafactor").notNegative([
                "lr": lr, "eps.0": eps.0 ?? 0, "eps.1": eps.1, "weightDecay": weightDecay,
            ])
            guard beta2Decay <= 0 else {
                throw TensorError("Adafactor", "beta2Decay is \(beta2Decay). It must be 0 or less.")
            }
            guard d >= 1 else { throw TensorError("Adafactor", "d is \(d). It must be 1 or more.") }
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the largest relative step, at least 0; `1e-2` by default.
    ///   - beta2Decay: the power with which the weight of a new square falls, 0 or less; `-0.8` by default.
    ///   - eps: ε₁ (nil: the type's own precision) and ε₂, the least size that a parameter counts for; `(nil, 1e-3)` by
    ///     default.
    ///   - d: the largest RMS of an update, at least 1; `1` by default.
    ///   - weightDecay: what is taken from θ in each step, times `lr`, at least 0; `0` by default.
    ///   - maximize: whether the loss is made large instead; `false` by default.
    ///
    /// A negative `lr`, `eps` or `weightDecay`, a positive `beta2Decay` and a `d` below 1 are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-2, beta2Decay: Double = -0.8,
        eps: (Double?, Double) = (nil, 1e-3), d: Double = 1, weightDecay: Double = 0, maximize: Bool = false
    ) {
        let options = Options(
            lr: lr, beta2Decay: beta2Decay, eps: eps, d: d, weightDecay: weightDecay, maximize: maximize)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func stateShape(_ name: String, of parameter: Parameter) -> Shape {
        var sizes = parameter.shape.dimensions
        switch name {
        case "row_var" where sizes.count > 1: sizes[sizes.count - 1] = 1
        case "col_var" where sizes.count > 1: sizes[sizes.count - 2] = 1
        default: break
        }
        return Shape(sizes)
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        update(parameters, maximize: options.maximize) {
            Scalars(options, StepNumbers($0))
        } rule: { data, gradient, state, scalars in
            let size = data.square().mean().sqrt().maximum(scalars.leastSize) * scalars.relativeStep
            let kept = options.weightDecay == 0 ? data : data * scalars.kept
            let update = gradient * estimate(gradient, &state, scalars).maximum(scalars.leastSquare).rsqrt()
            let excess = (update.square().mean().sqrt() * scalars.inverseThreshold).maximum(scalars.one)
            return kept - update * (size / excess)
        }
    }

    /// The estimate v of the mean of g².
    private func estimate(_ gradient: Tensor, _ state: inout OptimizerState, _ scalars: Scalars) -> Tensor {
        guard gradient.rank > 1 else {
            let variance = scalars.mean(state.tensors["variance"] ?? .zerosLike(gradient), gradient.square())
            state.tensors["variance"] = variance
            return variance
        }
        func updated(_ name: String, dim: Int) -> Tensor {
            let mean = gradient.square().mean(dim: dim, keepdim: true)
            let result = scalars.mean(state.tensors[name] ?? .zerosLike(mean), mean)
            state.tensors[name] = result
            return result
        }
        let (row, column) = (updated("row_var", dim: -1), updated("col_var", dim: -2))
        // The outer product of a column and a row needs no matrix product.
        return row * column / row.mean(dim: -2, keepdim: true).maximum(scalars.leastMean)
    }

    /// The hyperparameters of a group and a step as tensors that parameters share.
    private struct Scalars {
        let mean: RunningMean
        /// ε₂
        let leastSize: Tensor
        /// min(lr, 1 / √t)
        let relativeStep: Tensor
        /// ε₁
        let leastMean: Tensor
        /// ε₁²
        let leastSquare: Tensor
        /// 1 / d
        let inverseThreshold: Tensor
        let one: Tensor
        /// 1 − lr · weightDecay
        let kept: Tensor

        init(_ options: Options, _ numbers: StepNumbers) {
            let fresh = pow(Double(numbers.key.step), options.beta2Decay)
            let precision = numbers.key.dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
            let least = options.eps.0 ?? precision
            mean = RunningMean(fresh: fresh, kept: 1 - fresh, numbers)
            leastSize = numbers.scalar(options.eps.1)
            relativeStep = numbers.scalar(min(options.lr, 1 / Double(numbers.key.step).squareRoot()))
            leastMean = numbers.scalar(least)
            leastSquare = numbers.scalar(least * least)
            inverseThreshold = numbers.scalar(1 / options.d)
            one = numbers.scalar(1)
            kept = numbers.scalar(1 - options.lr * options.weightDecay)
        }
    }
}
