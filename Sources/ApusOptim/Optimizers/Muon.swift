import ApusGraph
import ApusNN

/// Momentum made orthogonal, for the matrices of hidden layers (`torch.optim.Muon`; Jordan et al. 2024).
///
/// With the gradient g of the loss by the matrix θ [A, B]:
/// b ← momentum · b + (1 − momentum) · g; u = b, with nesterov u = (1 − momentum) · g + momentum · b;
/// θ ← (1 − lr · weightDecay) · θ − lr · ratio · NS(u).
/// NS makes all singular values about 1 by Newton and Schulz: from X = u / max(‖u‖, ε), in its wide form,
/// X ← a · X + (b · S + c · S²) · X with S = X · Xᵀ, `nsSteps` times. As in PyTorch each of its results is rounded to
/// bfloat16. Biases, convolutions and the like need another optimizer, such as ``AdamW``.
public final class Muon: GroupedOptimizer<Muon.Options> {
    /// How the step is scaled by the matrix [A, B] (`adjust_lr_fn`).
    public enum LearningRateAdjustment: String, Sendable, Hashable, CaseIterable {
        /// √max(1, A / B), of the method's author.
        case original = "original"
        /// 0.2 · √max(A, B): steps of the size that AdamW's have.
        case matchRMSAdamW = "match_rms_adamw"
        /// √(A / B)
        case spectralUnclamped = "spectral_unclamped"

        func ratio(_ shape: Shape) -> Double {
            let (rows, columns) = (Double(shape[0]), Double(shape[1]))
            switch self {
            case .original: return max(1, rows / columns).squareRoot()
            case .matchRMSAdamW: return 0.2 * max(rows, columns).squareRoot()
            case .spectralUnclamped: return (rows / columns).squareRoot()
            }
        }
    }

    /// The hyperparameters of a group of parameters.
    public struct Options: OptimizerOptions {
        /// The learning rate, at least 0.
        public var lr: Double
        /// What is taken from θ in each step, times `lr`, at least 0.
        public var weightDecay: Double
        /// How much of the last step is kept, at least 0.
        public var momentum: Double
        /// Whether the step looks ahead (Nesterov's momentum).
        public var nesterov: Bool
        /// The coefficients a, b and c of the iteration.
        public var nsCoefficients: (Double, Double, Double)
        /// ε, which keeps the quotient finite.
        public var eps: Double
        /// The number of iterations, below 100.
        public var nsSteps: Int
        /// How the step is scaled by the matrix.
        public var adjustLR: LearningRateAdjustment

        /// The hyperparameters of a group.
        ///
        /// - Parameters:
        ///   - lr: the learning rate, at least 0; `1e-3` by default.
        ///   - weightDecay: what is taken from θ in each step, times `lr`, at least 0; `0.1` by default.
        ///   - momentum: how much of the last step is kept, at least 0; `0.95` by default.
        ///   - nesterov: whether the step looks ahead (Nesterov's momentum); `true` by default.
        ///   - nsCoefficients: a, b and c of the iteration; `(3.4445, -4.775, 2.0315)` by default.
        ///   - eps: ε, which keeps the quotient finite; `1e-7` by default.
        ///   - nsSteps: the number of iterations, below 100; `5` by default.
        ///   - adjustLR: how the step is scaled by the matrix; `.original` by default.
        public init(
            lr: Double = 1e-3, weightDecay: Double = 0.1, momentum: Double = 0.95, nesterov: Bool = true,
            nsCoefficients: (Double, Double, Double) = (3.4445, -4.775, 2.0315), eps: Double = 1e-7, nsSteps: Int = 5,
            adjustLR: LearningRateAdjustment = .original
        ) {
            (self.lr, self.weightDecay, self.momentum, self.nesterov) = (lr, weightDecay, momentum, nesterov)
            (self.nsCoefficients, self.eps, self.nsSteps) = (nsCoefficients, eps, nsSteps)
            self.adjustLR = adjustLR
        }

        /// The momentum, or β₁, which schedulers may cycle.
        public var cycledMomentum: Double? {
            get { momentum }
            set { momentum = newValue ?? momentum }
        }

        /// Throws where a hyperparameter is out of its range.
        public func check() throws(TensorError) {
            try OptionChecks("Muon").notNegative(["lr": lr, "momentum": momentum, "weightDecay": weightDecay])
            guard (0..<100).contains(nsSteps) else {
                throw TensorError("Muon", "nsSteps is \(nsSteps). It must be from 0 to 99; 5 are usual.")
            }
        }
    }

    /// An optimizer of all parameters alike.
    ///
    /// - Parameters:
    ///   - parameters: what is trained; each once, and at least one.
    ///   - lr: the learning rate, at least 0; `1e-3` by default.
    ///   - weightDecay: what is taken from θ in each step, times `lr`, at least 0; `0.1` by default.
    ///   - momentum: how much of the last step is kept, at least 0; `0.95` by default.
    ///   - nesterov: whether the step looks ahead (Nesterov's momentum); `true` by default.
    ///   - nsCoefficients: a, b and c of the iteration; `(3.4445, -4.775, 2.0315)` by default.
    ///   - eps: ε, which keeps the quotient finite; `1e-7` by default.
    ///   - nsSteps: the number of iterations, below 100; `5` by default.
    ///   - adjustLR: how the step is scaled by the matrix; `.original` by default.
    ///
    /// A negative `lr`, `weightDecay` or `momentum`, 100 or more `nsSteps`, and a parameter that is no matrix are
    /// errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ parameters: [Parameter], lr: Double = 1e-3, weightDecay: Double = 0.1, momentum: Double = 0.95,
        nesterov: Bool = true, nsCoefficients: (Double, Double, Double) = (3.4445, -4.775, 2.0315),
        eps: Double = 1e-7, nsSteps: Int = 5, adjustLR: LearningRateAdjustment = .original
    ) {
        let options = Options(
            lr: lr, weightDecay: weightDecay, momentum: momentum, nesterov: nesterov, nsCoefficients: nsCoefficients,
            eps: eps, nsSteps: nsSteps, adjustLR: adjustLR)
        self.init([ParameterGroup(parameters, options)])
    }

    override public func check(_ parameter: Parameter) throws(TensorError) {
        guard parameter.shape.rank == 2 else {
            throw TensorError(
                "Muon",
                "a parameter has shape \(parameter.shape.brackets), but only matrices can be trained. Give the others "
                    + "to another optimizer, such as AdamW.")
        }
    }

    override public func record(_ parameters: [Parameter], _ options: Options) {
        update(parameters, maximize: false) {
            Scalars(options, StepNumbers($0))
        } rule: { data, gradient, state, scalars in
            let buffer = scalars.buffer(state.tensors["momentum_buffer"] ?? .zerosLike(data), gradient)
            state.tensors["momentum_buffer"] = buffer
            let direction = orthogonal(
                options.nesterov ? scalars.lookAhead(gradient, buffer) : buffer, options.nsSteps, scalars.iteration)
            let stepSize = Tensor(scalar: options.lr * options.adjustLR.ratio(data.shape), dtype: data.dtype)
            return data * scalars.kept - direction.cast(to: data.dtype) * stepSize
        }
    }

    /// NS(u): the matrix with its singular values brought near 1.
    private func orthogonal(_ matrix: Tensor, _ steps: Int, _ scalars: Iteration) -> Tensor {
        let isTall = matrix.shape[0] > matrix.shape[1]
        var x = scalars.rounded(matrix.cast(to: .float32))
        if isTall { x = x.transpose(0, 1) }
        let norm = scalars.rounded(x.square().sum().sqrt()).maximum(scalars.eps)
        x = scalars.rounded(x / norm)
        for _ in 0..<steps {
            let gram = scalars.rounded(.record(MatMul(transposesRight: true), x, x))
            let polynomial = scalars.rounded(gram * scalars.b + gram.matmul(gram) * scalars.c)
            x = scalars.rounded(x * scalars.a + polynomial.matmul(x))
        }
        return isTall ? x.transpose(0, 1) : x
    }

    /// The numbers of the iteration as tensors that parameters share.
    private struct Iteration {
        let a: Tensor
        let b: Tensor
        let c: Tensor
        let eps: Tensor
        private let split: Tensor

        init(_ options: Options) {
            func scalar(_ value: Double) -> Tensor { Tensor(scalar: value, dtype: .float32) }
            a = scalar(options.nsCoefficients.0)
            b = scalar(options.nsCoefficients.1)
            c = scalar(options.nsCoefficients.2)
            eps = scalar(options.eps)
            split = scalar(65_537)
        }

        /// The nearest numbers of bfloat16: Veltkamp's splitting leaves the upper 8 of the 24 bits.
        func rounded(_ tensor: Tensor) -> Tensor {
            let scaled = tensor * split
            return scaled - (scaled - tensor)
        }
    }

    /// The hyperparameters of a group as tensors that parameters share.
    private struct Scalars {
        let buffer: RunningMean
        /// (1 − momentum) · g + momentum · b
        let lookAhead: RunningMean
        /// 1 − lr · weightDecay
        let kept: Tensor
        let iteration: Iteration

        init(_ options: Options, _ numbers: StepNumbers) {
            buffer = RunningMean(decay: options.momentum, numbers)
            lookAhead = RunningMean(fresh: options.momentum, kept: 1 - options.momentum, numbers)
            kept = numbers.scalar(1 - options.lr * options.weightDecay)
            iteration = Iteration(options)
        }
    }
}
