// Functions that are less often met in networks, under PyTorch's names.
extension Tensor {
    /// 2ˣ (`torch.exp2`)
    ///
    /// Element by element: [*] → [*].
    public func exp2() -> Tensor { .pointwise(.exp2, [self], isReal: true) }
    /// The logarithm to base 2: −∞ at 0, NaN below (`torch.log2`).
    ///
    /// Element by element: [*] → [*].
    public func log2() -> Tensor { .pointwise(.log2, [self], isReal: true) }
    /// The logarithm to base 10: −∞ at 0, NaN below (`torch.log10`).
    ///
    /// Element by element: [*] → [*].
    public func log10() -> Tensor { .pointwise(.log10, [self], isReal: true) }
    /// (eˣ − e⁻ˣ) / 2 (`torch.sinh`)
    ///
    /// Element by element: [*] → [*].
    public func sinh() -> Tensor { .pointwise(.sinh, [self], isReal: true) }
    /// (eˣ + e⁻ˣ) / 2 (`torch.cosh`)
    ///
    /// Element by element: [*] → [*].
    public func cosh() -> Tensor { .pointwise(.cosh, [self], isReal: true) }
    /// The angle with that sine, −π/2 … π/2; NaN outside of −1 … 1 (`torch.asin`).
    ///
    /// Element by element: [*] → [*].
    public func asin() -> Tensor { .pointwise(.asin, [self], isReal: true) }
    /// The angle with that cosine, 0 … π; NaN outside of −1 … 1 (`torch.acos`).
    ///
    /// Element by element: [*] → [*].
    public func acos() -> Tensor { .pointwise(.acos, [self], isReal: true) }
    /// The angle with that tangent, −π/2 … π/2 (`torch.atan`).
    ///
    /// Element by element: [*] → [*].
    public func atan() -> Tensor { .pointwise(.atan, [self], isReal: true) }
    /// The inverse of ``sinh()`` (`torch.asinh`).
    ///
    /// Element by element: [*] → [*].
    public func asinh() -> Tensor { .pointwise(.asinh, [self], isReal: true) }
    /// The inverse of ``cosh()``; NaN below 1 (`torch.acosh`).
    ///
    /// Element by element: [*] → [*].
    public func acosh() -> Tensor { .pointwise(.acosh, [self], isReal: true) }
    /// The inverse of ``tanh()``: ±∞ at ±1, NaN beyond (`torch.atanh`).
    ///
    /// Element by element: [*] → [*].
    public func atanh() -> Tensor { .pointwise(.atanh, [self], isReal: true) }
    /// 1 − erf x, accurate also where that is tiny (`torch.erfc`).
    ///
    /// Element by element: [*] → [*].
    public func erfc() -> Tensor { .pointwise(.erfc, [self], isReal: true) }

    /// √(a² + b²) of two elements, without overflow in between (`torch.hypot`).
    ///
    /// Element by element: [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - other: what stands at its place in another tensor, or a number; both broadcast.
    public func hypot(_ other: some TensorOperand) -> Tensor {
        .pointwise(.hypot, [self, other.operand], isReal: true)
    }
    /// a − b · trunc(a / b): the sign of the dividend (`torch.fmod`).
    ///
    /// Element by element: [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - other: what stands at its place in another tensor, or a number; both broadcast.
    public func fmod(_ other: some TensorOperand) -> Tensor { .pointwise(.fmod, [self, other.operand]) }

    /// ⌊a / b⌋, for real numbers and integers (`torch.floor_divide`); it has no gradient.
    ///
    /// Found from the exact remainder, so that a quotient that only rounds up to an integer does not count as one. An
    /// integer divided by 0 is an error when the result is read.
    /// Element by element: [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - other: what stands at its place in another tensor, or a number; both broadcast.
    public func floorDivide(_ other: some TensorOperand) -> Tensor { .pointwise(.floorDivide, [self, other.operand]) }

    /// x − trunc x: the digits behind the point, with the sign of x (`torch.frac`).
    ///
    /// Element by element: [*] → [*].
    public func frac() -> Tensor { (self - trunc()).withGradientName("FracBackward0") }

    /// a + weight · (b − a) (`torch.lerp`); exactly a for a weight of 0 and b for a weight of 1.
    ///
    /// Element by element: [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - end: b, of a shape that broadcasts.
    ///   - weight: a tensor or a number.
    public func lerp(_ end: Tensor, weight: some TensorOperand) -> Tensor {
        let operands = Tensor.promote([self, end, weight.operand])
        let (a, b, w) = (operands[0], operands[1], operands[2])
        let difference = b - a
        let result = (a + w * difference).where(w.abs() .< 0.5, else: b - difference * (1 - w))
        return result.withGradientName(weight.operand.rank == 0 ? "LerpBackward0" : "LerpBackward1")
    }

    /// log(eᵃ + eᵇ), without overflow (`torch.logaddexp`).
    ///
    /// Element by element: [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - other: b, of a shape that broadcasts.
    public func logaddexp(_ other: Tensor) -> Tensor {
        let operands = Tensor.promote([self, other], isReal: true)
        let (a, b) = (operands[0], operands[1])
        // The larger one, and what the other adds to it. Equal infinities have no difference.
        let isSame = (a .== b).logicalAnd(a.isInf())
        let sum = a.maximum(b) - (a - b).abs().logsigmoid()
        return a.where(isSame, else: sum).withGradientName("LogaddexpBackward0")
    }

    /// log(x / (1 − x)), the inverse of ``sigmoid()`` (`torch.logit`).
    ///
    /// With `eps` x is first cut to eps … 1 − eps; without it is ±∞ at 1 and 0, and NaN outside.
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - eps: how far from 0 and 1 elements are kept; `nil`, not at all, by default.
    public func logit(eps: Double? = nil) -> Tensor {
        let x = eps.map { clamp(min: $0, max: 1 - $0) } ?? self
        return (x / (1 - x)).log().withGradientName("LogitBackward0")
    }

    /// NaN replaced by `nan`, ∞ by `posinf` and −∞ by `neginf` (`torch.nan_to_num`).
    ///
    /// The infinities become the largest and smallest number of the type unless replacements are given.
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - nan: what stands for NaN; `0` by default.
    ///   - posinf: what stands for ∞; the type's largest number where it is `nil`, which is the default.
    ///   - neginf: what stands for −∞; the type's smallest number where it is `nil`, which is the default.
    public func nanToNum(nan: Double = 0, posinf: Double? = nil, neginf: Double? = nil) -> Tensor {
        guard dtype.isFloatingPoint else { return self }
        let largest = dtype == .float32 ? Double(Float.greatestFiniteMagnitude) : Double.greatestFiniteMagnitude
        let infinity = Tensor.full([], Double.infinity, dtype: dtype)
        func replace(_ value: Double) -> Tensor { .full([], value, dtype: dtype) }
        var result = replace(nan).where(isNaN(), else: self)
        result = replace(posinf ?? largest).where(self .== infinity, else: result)
        result = replace(neginf ?? -largest).where(self .== -infinity, else: result)
        return result.withGradientName("NanToNumBackward0")
    }

    /// Whether an element is ∞ or −∞ (`torch.isinf`).
    ///
    /// Element by element: [*] → [*].
    public func isInf() -> Tensor {
        guard dtype.isFloatingPoint else { return .full(shape, 0, dtype: .bool, device: device) }
        return abs() .== Tensor.full([], Double.infinity, dtype: dtype)
    }

    /// Whether an element is neither infinite nor NaN (`torch.isfinite`).
    ///
    /// Element by element: [*] → [*].
    public func isFinite() -> Tensor {
        guard dtype.isFloatingPoint else { return .full(shape, 1, dtype: .bool, device: device) }
        return abs() .< Tensor.full([], Double.infinity, dtype: dtype)
    }
}
