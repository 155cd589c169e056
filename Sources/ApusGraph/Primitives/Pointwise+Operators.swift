precedencegroup ExponentiationPrecedence {
    higherThan: MultiplicationPrecedence
    associativity: right
}
infix operator ** : ExponentiationPrecedence

/// What stands beside a tensor in an expression: another tensor, or a number that takes the tensor's type.
public protocol TensorOperand {
    var operand: Tensor { get }
}

extension Tensor: TensorOperand {
    public var operand: Tensor { self }
}

extension Int: TensorOperand {
    public var operand: Tensor { Tensor(literal: .integer(Int64(self))) }
}

extension Int64: TensorOperand {
    public var operand: Tensor { Tensor(literal: .integer(self)) }
}

extension Float: TensorOperand {
    public var operand: Tensor { Tensor(literal: .real(Double(self))) }
}

extension Double: TensorOperand {
    public var operand: Tensor { Tensor(literal: .real(self)) }
}

extension Tensor {
    /// The number as a tensor of no dimensions that takes the type of its partner in an operation.
    init(literal: TensorHandle.Literal) {
        let tensor: Tensor
        switch literal {
        case .integer(let value): tensor = Tensor(scalar: value, dtype: .int64)
        case .real(let value): tensor = Tensor(scalar: value, dtype: .float32)
        }
        self.init(TensorHandle(tensor.value, literal: literal))
    }

    /// Brings operands to one type, by PyTorch's rule of categories.
    ///
    /// Tensors with dimensions decide before tensors without, and those before plain numbers, as long as the category
    /// (truth, integer, real) is the same; a higher category always wins. `isReal` makes the result a real type
    /// (division, `exp`).
    static func promote(_ operands: [Tensor], isReal: Bool = false) -> [Tensor] {
        // One type for all is by far the most common case.
        if let first = operands.first, first.dtype.isFloatingPoint || !isReal, first.handle.literal == nil,
            operands.allSatisfy({ $0.dtype == first.dtype && $0.handle.literal == nil })
        {
            return operands
        }
        func category(_ dtype: DType) -> Int { dtype.isFloatingPoint ? 2 : dtype.isInteger ? 1 : 0 }
        func strongest(_ tensors: [Tensor]) -> DType? { tensors.map(\.dtype).max() }
        let ranked = strongest(operands.filter { $0.rank > 0 && $0.handle.literal == nil })
        let scalars = strongest(operands.filter { $0.rank == 0 && $0.handle.literal == nil })
        let literals = strongest(operands.filter { $0.handle.literal != nil })
        var type = ranked ?? scalars ?? literals ?? .float32
        for candidate in [scalars, literals].compactMap({ $0 }) where category(candidate) > category(type) {
            type = candidate
        }
        if isReal, !type.isFloatingPoint { type = .float32 }
        return operands.map { operand in
            switch operand.handle.literal {
            case .integer(let value): Tensor(scalar: value, dtype: type)
            case .real(let value): Tensor(scalar: value, dtype: type)
            case nil: operand.cast(to: type)
            }
        }
    }

    static func pointwise(
        _ function: PointwiseFunction, _ operands: [Tensor], isReal: Bool = false, gradientName: String? = nil
    ) -> Tensor {
        recordOne(Pointwise(function), promote(operands, isReal: isReal), gradientName: gradientName)
    }
}

extension Tensor {
    /// The sum, element by element (`torch.add`); both broadcast.
    public static func + (left: Tensor, right: Tensor) -> Tensor { pointwise(.add, [left, right]) }
    /// The difference, element by element (`torch.sub`); both broadcast.
    public static func - (left: Tensor, right: Tensor) -> Tensor {
        pointwise(.sub, [left, right], gradientName: left.handle.literal == nil ? nil : "RsubBackward1")
    }
    /// The product, element by element (`torch.mul`); both broadcast.
    public static func * (left: Tensor, right: Tensor) -> Tensor { pointwise(.mul, [left, right]) }
    /// The quotient; integers become `float32` first, element by element (`torch.div`); both broadcast.
    public static func / (left: Tensor, right: Tensor) -> Tensor {
        // PyTorch multiplies the number with the reciprocal.
        pointwise(.div, [left, right], isReal: true, gradientName: left.handle.literal == nil ? nil : "MulBackward0")
    }
    /// The power, element by element (`torch.pow`); both broadcast, and `x ** 2` is recorded as a square.
    public static func ** (left: Tensor, right: Tensor) -> Tensor { left.pow(right) }

    @_disfavoredOverload
    /// The sum, element by element (`torch.add`) with a number, or another operand.
    public static func + (left: Tensor, right: some TensorOperand) -> Tensor { left + right.operand }
    @_disfavoredOverload
    /// The difference, element by element (`torch.sub`) with a number, or another operand.
    public static func - (left: Tensor, right: some TensorOperand) -> Tensor { left - right.operand }
    @_disfavoredOverload
    /// The product, element by element (`torch.mul`) with a number, or another operand.
    public static func * (left: Tensor, right: some TensorOperand) -> Tensor { left * right.operand }
    @_disfavoredOverload
    /// The quotient; integers become `float32` first, element by element (`torch.div`) with a number, or another
    /// operand.
    public static func / (left: Tensor, right: some TensorOperand) -> Tensor { left / right.operand }
    @_disfavoredOverload
    /// The power, element by element (`torch.pow`) with a number, or another operand.
    public static func ** (left: Tensor, right: some TensorOperand) -> Tensor { left.pow(right) }
    @_disfavoredOverload
    /// The sum, element by element (`torch.add`) with a number, or another operand.
    public static func + (left: some TensorOperand, right: Tensor) -> Tensor { left.operand + right }
    @_disfavoredOverload
    /// The difference, element by element (`torch.sub`) with a number, or another operand.
    public static func - (left: some TensorOperand, right: Tensor) -> Tensor { left.operand - right }
    @_disfavoredOverload
    /// The product, element by element (`torch.mul`) with a number, or another operand.
    public static func * (left: some TensorOperand, right: Tensor) -> Tensor { left.operand * right }
    @_disfavoredOverload
    /// The quotient; integers become `float32` first, element by element (`torch.div`) with a number, or another
    /// operand.
    public static func / (left: some TensorOperand, right: Tensor) -> Tensor { left.operand / right }

    /// Binds the variable to `left + right`, a new tensor: tensors are values.
    public static func += (left: inout Tensor, right: some TensorOperand) { left = left + right.operand }
    /// Binds the variable to `left - right`, a new tensor: tensors are values.
    public static func -= (left: inout Tensor, right: some TensorOperand) { left = left - right.operand }
    /// Binds the variable to `left * right`, a new tensor: tensors are values.
    public static func *= (left: inout Tensor, right: some TensorOperand) { left = left * right.operand }
    /// Binds the variable to `left / right`, a new tensor: tensors are values.
    public static func /= (left: inout Tensor, right: some TensorOperand) { left = left / right.operand }

    /// The negative, element by element (`torch.neg`).
    public static prefix func - (tensor: Tensor) -> Tensor { pointwise(.neg, [tensor]) }

    // Comparisons element by element give a tensor of truth values; the dot tells them from comparing two values.
    /// Whether left = right, element by element, as `bool` (`torch.eq`); both broadcast.
    public static func .== (left: Tensor, right: some TensorOperand) -> Tensor {
        pointwise(.eq, [left, right.operand])
    }
    /// Whether left ≠ right, element by element, as `bool` (`torch.ne`); both broadcast.
    public static func .!= (left: Tensor, right: some TensorOperand) -> Tensor {
        pointwise(.ne, [left, right.operand])
    }
    /// Whether left < right, element by element, as `bool` (`torch.lt`); both broadcast.
    public static func .< (left: Tensor, right: some TensorOperand) -> Tensor { pointwise(.lt, [left, right.operand]) }
    /// Whether left ≤ right, element by element, as `bool` (`torch.le`); both broadcast.
    public static func .<= (left: Tensor, right: some TensorOperand) -> Tensor {
        pointwise(.le, [left, right.operand])
    }
    /// Whether left > right, element by element, as `bool` (`torch.gt`); both broadcast.
    public static func .> (left: Tensor, right: some TensorOperand) -> Tensor { pointwise(.gt, [left, right.operand]) }
    /// Whether left ≥ right, element by element, as `bool` (`torch.ge`); both broadcast.
    public static func .>= (left: Tensor, right: some TensorOperand) -> Tensor {
        pointwise(.ge, [left, right.operand])
    }
}

extension Tensor {
    /// The tensor with another type, the same tensor where it already has it (`torch.Tensor.to`): [*] → [*]. Real
    /// numbers become integers towards 0.
    ///
    /// - Parameters:
    ///   - dtype: the new type.
    public func cast(to dtype: DType) -> Tensor {
        guard self.dtype != dtype else { return self }
        return .record(Pointwise(.cast, resultType: dtype), self)
    }

    /// Element to the power of an element or a number (`torch.pow`): [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - exponent: a tensor or a number; 2 is recorded as a square.
    public func pow(_ exponent: some TensorOperand) -> Tensor {
        let exponent = exponent.operand
        switch exponent.handle.literal {
        case .integer(2): return .pointwise(.square, [self])
        case .real(2): return .pointwise(.square, [self])
        case nil: return .pointwise(.pow, [self, exponent], gradientName: "PowBackward1")
        default: return .pointwise(.pow, [self, exponent], gradientName: "PowBackward0")
        }
    }

    /// The magnitude |x|, element by element (`torch.abs`): [*] → [*].
    public func abs() -> Tensor { .pointwise(.abs, [self]) }
    /// eˣ, element by element (`torch.exp`): [*] → [*].
    public func exp() -> Tensor { .pointwise(.exp, [self], isReal: true) }
    /// eˣ − 1, accurate near 0, element by element (`torch.expm1`): [*] → [*].
    public func expm1() -> Tensor { .pointwise(.expm1, [self], isReal: true) }
    /// The natural logarithm: −∞ at 0, NaN below, element by element (`torch.log`): [*] → [*].
    public func log() -> Tensor { .pointwise(.log, [self], isReal: true) }
    /// log(1 + x), accurate near 0, element by element (`torch.log1p`): [*] → [*].
    public func log1p() -> Tensor { .pointwise(.log1p, [self], isReal: true) }
    /// The square root; NaN below 0, element by element (`torch.sqrt`): [*] → [*].
    public func sqrt() -> Tensor { .pointwise(.sqrt, [self], isReal: true) }
    /// 1 / √x, element by element (`torch.rsqrt`): [*] → [*].
    public func rsqrt() -> Tensor { .pointwise(.rsqrt, [self], isReal: true) }
    /// 1 / x, element by element (`torch.reciprocal`): [*] → [*].
    public func reciprocal() -> Tensor { .pointwise(.reciprocal, [self], isReal: true) }
    /// x², element by element (`torch.square`): [*] → [*].
    public func square() -> Tensor { .pointwise(.square, [self]) }
    /// The sine, element by element (`torch.sin`): [*] → [*].
    public func sin() -> Tensor { .pointwise(.sin, [self], isReal: true) }
    /// The cosine, element by element (`torch.cos`): [*] → [*].
    public func cos() -> Tensor { .pointwise(.cos, [self], isReal: true) }
    /// The tangent, element by element (`torch.tan`): [*] → [*].
    public func tan() -> Tensor { .pointwise(.tan, [self], isReal: true) }
    /// The hyperbolic tangent, element by element (`torch.tanh`): [*] → [*].
    public func tanh() -> Tensor { .pointwise(.tanh, [self], isReal: true) }
    /// The logistic function 1 / (1 + e⁻ˣ), element by element (`torch.sigmoid`): [*] → [*].
    public func sigmoid() -> Tensor { .pointwise(.sigmoid, [self], isReal: true) }
    /// max(x, 0), element by element (`torch.nn.functional.relu`): [*] → [*].
    public func relu() -> Tensor { .pointwise(.relu, [self]) }
    /// The error function 2/√π ∫₀ˣ e^(−t²) dt, element by element (`torch.erf`): [*] → [*].
    public func erf() -> Tensor { .pointwise(.erf, [self], isReal: true) }
    /// The largest integer that is not above x, element by element (`torch.floor`): [*] → [*].
    public func floor() -> Tensor { .pointwise(.floor, [self]) }
    /// The smallest integer that is not below x, element by element (`torch.ceil`): [*] → [*].
    public func ceil() -> Tensor { .pointwise(.ceil, [self]) }
    /// The nearest integer, of halves the even one, element by element (`torch.round`): [*] → [*].
    public func round() -> Tensor { .pointwise(.round, [self]) }
    /// The integer towards 0, element by element (`torch.trunc`): [*] → [*].
    public func trunc() -> Tensor { .pointwise(.trunc, [self]) }
    /// −1, 0 or 1, element by element (`torch.sign`): [*] → [*].
    public func sign() -> Tensor { .pointwise(.sign, [self]) }
    /// Whether an element is NaN, as `bool`, element by element (`torch.isnan`): [*] → [*].
    public func isNaN() -> Tensor { .pointwise(.isNaN, [self]) }
    /// Whether an element is 0, as `bool`, element by element (`torch.logical_not`): [*] → [*].
    public func logicalNot() -> Tensor { .pointwise(.logicalNot, [self]) }
    /// Whether both elements are other than 0, as `bool` (`torch.logical_and`): [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - other: the other tensor.
    public func logicalAnd(_ other: Tensor) -> Tensor { .pointwise(.logicalAnd, [self, other]) }
    /// Whether one of both elements is other than 0, as `bool` (`torch.logical_or`): [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - other: the other tensor.
    public func logicalOr(_ other: Tensor) -> Tensor { .pointwise(.logicalOr, [self, other]) }
    /// A copy (`torch.clone`).
    ///
    /// Element by element: [*] → [*].
    public func clone() -> Tensor { .pointwise(.copy, [self]) }

    /// The larger of two elements; NaN wins (`torch.maximum`).
    ///
    /// Element by element: [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - other: what stands at its place in another tensor, or a number; both broadcast.
    public func maximum(_ other: some TensorOperand) -> Tensor { .pointwise(.maximum, [self, other.operand]) }
    /// The smaller of two elements; NaN wins (`torch.minimum`).
    ///
    /// Element by element: [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - other: what stands at its place in another tensor, or a number; both broadcast.
    public func minimum(_ other: some TensorOperand) -> Tensor { .pointwise(.minimum, [self, other.operand]) }
    /// The angle of the point (x: other, y: self), −π … π, element by element (`torch.atan2`): [*], [*] → [*]; both
    /// broadcast.
    ///
    /// - Parameters:
    ///   - other: what stands at its place in another tensor, or a number; both broadcast.
    public func atan2(_ other: some TensorOperand) -> Tensor {
        .pointwise(.atan2, [self, other.operand], isReal: true)
    }
    /// a − b · ⌊a / b⌋: the sign of the divisor (`torch.remainder`).
    ///
    /// Element by element: [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - other: what stands at its place in another tensor, or a number; both broadcast.
    public func remainder(_ other: some TensorOperand) -> Tensor { .pointwise(.remainder, [self, other.operand]) }

    /// Elements of `self` where `condition` is true, else of `other` (`torch.where`); all three broadcast.
    ///
    /// Element by element: [*], [*] → [*].
    ///
    /// - Parameters:
    ///   - condition: truth, or numbers of which 0 is false.
    ///   - other: what stands where it is false: a tensor or a number.
    public func `where`(_ condition: Tensor, else other: some TensorOperand) -> Tensor {
        let operands = Tensor.promote([self, other.operand])
        return .record(Pointwise(.select), condition.cast(to: .bool), operands[0], operands[1])
    }

    /// `value` where `mask` is true, else the element (`torch.Tensor.masked_fill`).
    ///
    /// Element by element: [*], [*] → [*]; both broadcast.
    ///
    /// - Parameters:
    ///   - mask: truth, which broadcasts to the tensor.
    ///   - value: what stands where it is true.
    public func maskedFill(_ mask: Tensor, _ value: Double) -> Tensor {
        let filling = Tensor(scalar: value, dtype: dtype)
        return .record(Pointwise(.select), [mask.cast(to: .bool), filling, self], gradientName: "MaskedFillBackward0")[
            0]
    }

    /// Elements cut to the range `minimum ... maximum`; either bound may be absent (`torch.clamp`).
    ///
    /// The gradient passes where the element lies within the bounds, ends included.
    /// Element by element: [*] → [*].
    ///
    /// - Parameters:
    ///   - minimum: the lower bound; `nil`, none, by default.
    ///   - maximum: the upper bound; `nil`, none, by default.
    public func clamp(min minimum: Double? = nil, max maximum: Double? = nil) -> Tensor {
        guard minimum != nil || maximum != nil else {
            return .refuse(TensorError("clamp", "neither min: nor max: is given. Give at least one."), like: [self])
        }
        if let minimum, let maximum, dtype.isFloatingPoint {
            let bounds = [minimum, maximum].map { Tensor.full([], $0, dtype: dtype) }
            return .record(Pointwise(.clamp), [self] + bounds)[0]
        }
        var result = self
        if let minimum { result = result.bounded(by: minimum, .lt) }
        if let maximum { result = result.bounded(by: maximum, .gt) }
        return result
    }

    /// The bound where the element is beyond it.
    private func bounded(by bound: Double, _ isBeyond: PointwiseFunction) -> Tensor {
        let literal: Tensor = bound == bound.rounded() ? Int64(saturating: bound).operand : bound.operand
        let pair = Tensor.promote([self, dtype.isInteger ? literal : bound.operand])
        let condition = Tensor.pointwise(isBeyond, pair)
        return .record(Pointwise(.select), [condition, pair[1], pair[0]], gradientName: "ClampBackward1")[0]
    }
}
