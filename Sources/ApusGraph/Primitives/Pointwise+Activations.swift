/// How ``Tensor/gelu(approximate:)`` computes the normal distribution function.
public enum GELUApproximation: String, Sendable, Hashable, CaseIterable {
    /// Exactly, by the error function.
    case none
    /// By a hyperbolic tangent, as in the first GPT and BERT models.
    case tanh
}

extension Tensor {
    /// Records an activation with its numbers, which are constants of the plan.
    private func activation(
        _ function: PointwiseFunction, _ name: String, _ numbers: [Double] = [], gradientName: String? = nil
    ) -> Tensor {
        if let error = Self.realError(self, name) { return .refuse(error, like: [self]) }
        let constants = numbers.map { Tensor.full([], $0, dtype: dtype) }
        return .record(Pointwise(function), [self] + constants, gradientName: gradientName)[0]
    }

    /// Says that an input is not of a real type.
    static func realError(_ input: Tensor, _ name: String) -> TensorError? {
        guard !input.dtype.isFloatingPoint else { return nil }
        return TensorError(
            name, "the input \(input.shape.brackets) is \(input.dtype). Expected .float32 or .float64: cast it first.")
    }

    /// x where x > 0, else `negativeSlope` · x, element by element (`torch.nn.functional.leaky_relu`).
    ///
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - negativeSlope: the slope below 0; `0.01` by default.
    public func leakyRelu(negativeSlope: Double = 0.01) -> Tensor {
        activation(.leakyRelu, "leaky_relu", [negativeSlope])
    }

    /// x where x > 0, else weight · x (`torch.nn.functional.prelu`; He et al. 2015).
    ///
    /// `weight` has one element, or one for each channel: [C] for an input [N, C, …]. It gets a gradient too.
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - weight: the slopes: one element, or [C].
    public func prelu(_ weight: Tensor) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            if let error = Self.realError(self, "prelu") { throw error }
            guard weight.dtype == dtype else {
                throw TensorError(
                    "prelu", "the input is \(dtype), the weight \(weight.dtype). Cast one of them to the other's type.")
            }
            guard weight.rank <= 1 else {
                throw TensorError(
                    "prelu",
                    "the weight \(weight.shape.brackets) has \(weight.rank) dimensions. Expected one element, or one "
                        + "dimension with an element for each channel.")
            }
            var slope = weight
            if weight.count == 1 {
                slope = weight.reshape([])
            } else {
                let channels = rank > 1 ? shape[1] : 1
                guard rank > 0, channels == weight.count else {
                    throw TensorError(
                        "prelu",
                        "the input \(shape.brackets) has \(channels) channels (dimension 1), the weight "
                            + "\(weight.shape.brackets) has \(weight.count) elements. Expected as many as channels, "
                            + "num_parameters: \(channels), or 1.")
                }
                let broadcast = [1, channels] + [Int](repeating: 1, count: Swift.max(rank - 2, 0))
                slope = weight.reshape(Shape(Array(broadcast.suffix(rank))))
            }
            return .record(Pointwise(.leakyRelu), [self, slope], gradientName: "PreluKernelBackward0")[0]
        }
    }

    /// x where x > 0, else slope · x with a slope drawn for each element from lower ≤ slope < upper when `training`,
    /// and (lower + upper) / 2 otherwise (`torch.nn.functional.rrelu`; Xu et al. 2015).
    ///
    /// A lower bound above the upper one, or a bound that is not finite, is an error.
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - lower: the least slope; `1.0 / 8` by default.
    ///   - upper: what all random slopes are below; `1.0 / 3` by default.
    ///   - training: whether slopes are drawn; `false` by default.
    ///   - generator: the source of random numbers; `.shared` by default.
    public func rrelu(
        lower: Double = 1.0 / 8, upper: Double = 1.0 / 3, training: Bool = false, generator: Generator = .shared
    ) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            if let error = Self.realError(self, "rrelu") { throw error }
            guard lower.isFinite, upper.isFinite, lower <= upper else {
                throw TensorError(
                    "rrelu", "lower is \(lower) and upper is \(upper). Both must be finite, and lower ≤ upper.")
            }
            let slope: Tensor =
                training
                ? .uniform(shape, low: lower, high: upper, dtype: dtype, generator: generator)
                : .full([], (lower + upper) / 2, dtype: dtype)
            return .record(Pointwise(.leakyRelu), [self, slope], gradientName: "RreluWithNoiseBackward0")[0]
        }
    }

    /// x where x > 0, else α · (eˣ − 1) (`torch.nn.functional.elu`; Clevert et al. 2016).
    ///
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - alpha: α: far below 0 the result is −α; `1` by default.
    public func elu(alpha: Double = 1) -> Tensor { activation(.elu, "elu", [alpha, 1]) }

    /// 1.0507 · elu(x, α = 1.6733), with the two constants of Klambauer et al. 2017 (`torch.nn.functional.selu`).
    ///
    /// Element by element: [*] → [*].
    public func selu() -> Tensor {
        let result = activation(.elu, "selu", [1.6732632423543772848170429916717, 1])
        let scale = Tensor.full([], 1.0507009873554804934193349852946, dtype: dtype)
        return .record(Pointwise(.mul), [result, scale], gradientName: "EluBackward0")[0]
    }

    /// x where x > 0, else α · (e^(x/α) − 1) (`torch.nn.functional.celu`; Barron 2017); α = 0 is an error.
    ///
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - alpha: α, other than 0: far below 0 the result is −α; `1` by default.
    public func celu(alpha: Double = 1) -> Tensor {
        guard alpha != 0 else {
            return .refuse(TensorError("celu", "alpha is 0, and the input is divided by it. Give another number."))
        }
        return activation(.elu, "celu", [alpha, 1 / alpha], gradientName: "CeluBackward0")
    }

    /// x · Φ(x) with the distribution function Φ of the standard normal distribution (`torch.nn.functional.gelu`;
    /// Hendrycks & Gimpel 2016).
    ///
    /// `approximate: .tanh` takes ½ · (1 + tanh(√(2/π) · (x + 0.044715 x³))) for Φ.
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - approximate: how Φ is computed; `.none` by default.
    public func gelu(approximate: GELUApproximation = .none) -> Tensor {
        activation(approximate == .tanh ? .geluTanh : .gelu, "gelu")
    }

    /// x · σ(x), also called swish (`torch.nn.functional.silu`; Elfwing et al. 2018).
    ///
    /// Element by element: [*] → [*].
    public func silu() -> Tensor { activation(.silu, "silu") }

    /// x · tanh(log(1 + eˣ)) (`torch.nn.functional.mish`; Misra 2019).
    ///
    /// Element by element: [*] → [*].
    public func mish() -> Tensor { activation(.mish, "mish") }

    /// x · min(max(x + 3, 0), 6) / 6 (`torch.nn.functional.hardswish`; Howard et al. 2019).
    ///
    /// Element by element: [*] → [*].
    public func hardswish() -> Tensor { activation(.hardswish, "hardswish") }

    /// min(max(x + 3, 0), 6) / 6 (`torch.nn.functional.hardsigmoid`).
    ///
    /// Element by element: [*] → [*].
    public func hardsigmoid() -> Tensor { activation(.hardsigmoid, "hardsigmoid") }

    /// x cut to minVal … maxVal (`torch.nn.functional.hardtanh`); integers too.
    ///
    /// No gradient passes at the bounds themselves, unlike ``clamp(min:max:)``. A lower bound above the upper one is an
    /// error.
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - minVal: the lower bound; `-1` by default.
    ///   - maxVal: the upper bound; `1` by default.
    public func hardtanh(minVal: Double = -1, maxVal: Double = 1) -> Tensor {
        guard minVal <= maxVal else {
            return .refuse(
                TensorError("hardtanh", "minVal is \(minVal), above maxVal, \(maxVal). Exchange them."), like: [self])
        }
        guard !dtype.isInteger else { return clamp(min: minVal, max: maxVal) }
        return activation(.hardtanh, "hardtanh", [minVal, maxVal])
    }

    /// min(max(x, 0), 6) (`torch.nn.functional.relu6`; Howard et al. 2017).
    ///
    /// Element by element: [*] → [*].
    public func relu6() -> Tensor { hardtanh(minVal: 0, maxVal: 6) }

    /// log(1 + e^βx) / β, and x itself where βx > threshold (`torch.nn.functional.softplus`).
    ///
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - beta: β: the larger, the nearer to max(x, 0); `1` by default.
    ///   - threshold: βx above which the result is x itself; `20` by default.
    public func softplus(beta: Double = 1, threshold: Double = 20) -> Tensor {
        activation(.softplus, "softplus", [beta, threshold])
    }

    /// x / (1 + |x|) (`torch.nn.functional.softsign`); integers become `float32` first.
    ///
    /// Element by element: [*] → [*].
    public func softsign() -> Tensor { .pointwise(.softsign, [self], isReal: true) }

    /// log σ(x) = −log(1 + e⁻ˣ), finite and accurate for any x (`torch.nn.functional.logsigmoid`).
    ///
    /// Element by element: [*] → [*].
    public func logsigmoid() -> Tensor { activation(.logSigmoid, "logsigmoid") }

    /// x − tanh x (`torch.nn.functional.tanhshrink`); integers become `float32` first.
    ///
    /// Element by element: [*] → [*].
    public func tanhshrink() -> Tensor { .pointwise(.tanhshrink, [self], isReal: true) }

    /// x moved towards 0 by `lambd`: x − λ above λ, x + λ below −λ, else 0 (`torch.nn.functional.softshrink`).
    ///
    /// A negative `lambd`, or one that is not finite, is an error.
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - lambd: λ; `0.5` by default.
    public func softshrink(lambd: Double = 0.5) -> Tensor {
        guard lambd >= 0, lambd.isFinite else {
            return .refuse(
                TensorError("softshrink", "lambd is \(lambd). It must be a finite number, and at least 0."),
                like: [self])
        }
        return activation(.softshrink, "softshrink", [lambd])
    }

    /// 0 where −λ ≤ x ≤ λ, else x (`torch.nn.functional.hardshrink`).
    ///
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - lambd: λ; `0.5` by default.
    public func hardshrink(lambd: Double = 0.5) -> Tensor { activation(.hardshrink, "hardshrink", [lambd]) }

    /// x where x > threshold, else `value` (`torch.nn.functional.threshold`); integers too.
    ///
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - threshold: above which x stays.
    ///   - value: the result elsewhere.
    public func threshold(_ threshold: Double, value: Double) -> Tensor {
        guard !dtype.isInteger else {
            let numbers = [threshold, value].map { Tensor.full([], $0, dtype: dtype) }
            return numbers[1].where(self .<= numbers[0], else: self)
        }
        return activation(.threshold, "threshold", [threshold, value])
    }
}
