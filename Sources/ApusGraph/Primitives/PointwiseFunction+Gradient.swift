extension PointwiseFunction {
    var gradientReads: GradientReads {
        switch self {
        case .exp, .exp2, .sqrt, .rsqrt, .reciprocal, .tanh, .sigmoid, .relu, .tan: .outputs(0)
        case .abs, .log, .log1p, .expm1, .sin, .cos, .erf, .square, .log2, .log10, .sinh, .cosh, .asin, .acos, .atan,
            .asinh,
            .acosh, .atanh, .erfc:
            .inputs(0)
        case .silu, .mish, .gelu, .geluTanh, .hardsigmoid, .hardswish, .softsign, .tanhshrink, .logSigmoid,
            .siluDerivative, .mishDerivative, .geluDerivative, .geluTanhDerivative:
            .inputs(0)
        case .mul, .div, .maximum, .minimum, .sigmoidGradient, .tanhGradient, .atan2, .remainder, .fmod, .huber,
            .leakyRelu,
            .hardshrink, .softshrink, .threshold:
            .inputs(0, 1)
        case .reluGradient, .select: .inputs(0)
        case .hardsigmoidGradient, .hardswishGradient, .thresholdGradient, .shrinkGradient, .leakyReluGradient:
            .inputs(0, 1, 2)
        case .clamp, .hardtanh, .elu, .softplus: .inputs(0, 1, 2)
        case .eluDerivative: GradientReads(inputs: [0, 2], outputs: [0])
        case .pow, .hypot: GradientReads(inputs: [0, 1], outputs: [0])
        case .copy, .cast, .neg, .floor, .ceil, .round, .trunc, .sign, .add, .sub, .floorDivide, .eq, .ne, .lt, .le,
            .gt, .ge,
            .logicalAnd, .logicalOr, .logicalNot, .isNaN, .isBeyond, .isWithin:
            .nothing
        }
    }

    /// The gradients before they are summed to the inputs' shapes.
    func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        func when(_ index: Int, _ value: @autoclosure () -> Tensor) -> Tensor? { context.needs(index) ? value() : nil }
        switch self {
        case .copy: return [dy]
        case .cast: return [dy.cast(to: context.inputSpec(0).dtype)]
        case .neg: return [-dy]
        case .abs: return [dy * context.input(0).sign()]
        case .exp: return [dy * context.output()]
        case .log: return [dy / context.input(0)]
        case .log1p: return [dy / (context.input(0) + 1)]
        // Not y + 1, whose digits are lost where y is almost −1.
        case .expm1: return [dy * context.input(0).exp()]
        case .sqrt: return [dy / (context.output() * 2)]
        case .rsqrt:
            let y = context.output()
            return [dy * y * y * y * -0.5]
        case .reciprocal: return [-dy * context.output().square()]
        case .sin: return [dy * context.input(0).cos()]
        case .cos: return [-dy * context.input(0).sin()]
        case .tan: return [dy * (context.output().square() + 1)]
        case .tanh: return [.record(Pointwise(.tanhGradient), context.output(), dy)]
        case .sigmoid: return [.record(Pointwise(.sigmoidGradient), context.output(), dy)]
        case .relu: return [.record(Pointwise(.reluGradient), context.output(), dy)]
        // 2/√π · exp(−x²)
        case .erf: return [dy * (-context.input(0).square()).exp() * 1.1283791670955126]
        case .erfc: return [dy * (-context.input(0).square()).exp() * -1.1283791670955126]
        case .square: return [dy * context.input(0) * 2]
        case .exp2: return [dy * context.output() * 0.6931471805599453]
        case .log2: return [dy / (context.input(0) * 0.6931471805599453)]
        case .log10: return [dy / (context.input(0) * 2.302585092994046)]
        case .sinh: return [dy * context.input(0).cosh()]
        case .cosh: return [dy * context.input(0).sinh()]
        case .asin: return [dy * (1 - context.input(0).square()).rsqrt()]
        case .acos: return [-dy * (1 - context.input(0).square()).rsqrt()]
        case .atan: return [dy / (context.input(0).square() + 1)]
        case .asinh: return [dy * (context.input(0).square() + 1).rsqrt()]
        case .acosh: return [dy * (context.input(0).square() - 1).rsqrt()]
        case .atanh: return [dy / (1 - context.input(0).square())]
        case .floor, .ceil, .round, .trunc, .sign: return [.zerosLike(dy)]
        case .add: return [when(0, dy), when(1, dy)]
        case .sub: return [when(0, dy), when(1, -dy)]
        case .mul: return [when(0, dy * context.input(1)), when(1, dy * context.input(0))]
        case .div:
            let b = context.input(1)
            return [when(0, dy / b), when(1, -dy * context.input(0) / (b * b))]
        case .pow: return powGradient(context, dy)
        case .maximum, .minimum:
            // Equal elements share the gradient in halves, as in PyTorch.
            let (a, b) = (context.input(0), context.input(1))
            let tie = (a .== b).cast(to: dy.dtype) * 0.5
            let (first, second) = self == .maximum ? (a .> b, a .< b) : (a .< b, a .> b)
            return [
                when(0, dy * (first.cast(to: dy.dtype) + tie)), when(1, dy * (second.cast(to: dy.dtype) + tie)),
            ]
        case .atan2:
            let (y, x) = (context.input(0), context.input(1))
            let scale = dy / (x * x + y * y)
            return [when(0, scale * x), when(1, -scale * y)]
        case .remainder:
            return [when(0, dy), when(1, -dy * (context.input(0) / context.input(1)).floor())]
        case .fmod:
            return [when(0, dy), when(1, -dy * (context.input(0) / context.input(1)).trunc())]
        case .floorDivide:
            TensorError.raise(
                TensorError("floor_divide", "this operation has no gradient. Use detach() or noGrad around it."))
            return [nil, nil]
        case .hypot:
            return [
                when(0, dy * context.input(0) / context.output()), when(1, dy * context.input(1) / context.output()),
            ]
        case .select:
            let condition = context.input(0)
            let zero = Tensor.zeros([], dtype: dy.dtype)
            return [
                nil, when(1, .record(Pointwise(.select), condition, dy, zero)),
                when(2, .record(Pointwise(.select), condition, zero, dy)),
            ]
        case .sigmoidGradient:
            // z = g · y · (1 − y)
            let (y, g) = (context.input(0), context.input(1))
            return [when(0, dy * g * (1 - y * 2)), when(1, .record(Pointwise(.sigmoidGradient), y, dy))]
        case .tanhGradient:
            let (y, g) = (context.input(0), context.input(1))
            return [when(0, dy * g * y * -2), when(1, .record(Pointwise(.tanhGradient), y, dy))]
        case .reluGradient:
            let y = context.input(0)
            return [
                when(0, .zeros(like: TensorSpec(y.shape, dy.dtype, dy.device))),
                when(1, .record(Pointwise(.reluGradient), y, dy)),
            ]
        case .huber:
            let bound = context.input(1)
            return [dy * Tensor.record(Pointwise(.clamp), [context.input(0), -bound, bound])[0], nil]
        case .clamp:
            let zero = Tensor.zeros([], dtype: dy.dtype)
            let isWithin = Tensor.record(
                Pointwise(.isWithin), [context.input(0), context.input(1), context.input(2)])[0]
            return [.record(Pointwise(.select), isWithin, dy, zero), nil, nil]
        case .eq, .ne, .lt, .le, .gt, .ge, .logicalAnd, .logicalOr, .logicalNot, .isNaN, .isBeyond, .isWithin:
            return [Tensor?](repeating: nil, count: arity)
        case .silu, .mish, .gelu, .geluTanh, .hardsigmoid, .hardswish, .softsign, .tanhshrink, .logSigmoid,
            .siluDerivative, .mishDerivative, .geluDerivative, .geluTanhDerivative, .leakyRelu, .hardshrink,
            .softshrink, .threshold, .hardtanh, .hardsigmoidGradient, .hardswishGradient, .thresholdGradient,
            .shrinkGradient, .leakyReluGradient, .elu, .eluDerivative, .softplus:
            return activationGradient(context, dy)
        }
    }

    /// d(aᵇ)/da = b · aᵇ⁻¹ (0 where b is 0), d(aᵇ)/db = aᵇ · log a (0 where a is 0 and b ≥ 0).
    private func powGradient(_ context: GradientContext, _ dy: Tensor) -> [Tensor?] {
        let (a, b) = (context.input(0), context.input(1))
        let zero = Tensor.zeros([], dtype: dy.dtype)
        var gradients: [Tensor?] = [nil, nil]
        if context.needs(0) {
            gradients[0] = .record(Pointwise(.select), b .== 0, zero, dy * b * a.pow(b - 1))
        }
        if context.needs(1) {
            let isFlat = (a .== 0).logicalAnd(b .>= 0)
            gradients[1] = .record(Pointwise(.select), isFlat, zero, dy * context.output() * a.log())
        }
        return gradients
    }
}
