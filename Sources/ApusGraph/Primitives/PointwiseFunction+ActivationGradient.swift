extension PointwiseFunction {
    /// The gradients of activations: of x, and of a slope; bounds and shapes are numbers that take none.
    ///
    /// At the kinks they are PyTorch's. All are written in what is left of x, so that none of them is a difference of
    /// numbers that are almost equal, or 0 times infinity, where the derivative itself is an ordinary number.
    func activationGradient(_ context: GradientContext, _ dy: Tensor) -> [Tensor?] {
        let x = context.input(0)
        func constant(_ value: Double) -> Tensor { .full([], value, dtype: dy.dtype) }
        func choose(_ condition: Tensor, _ first: Tensor, _ second: Tensor) -> Tensor {
            .record(Pointwise(.select), condition, first, second)
        }
        func derivative(_ function: PointwiseFunction, _ more: Tensor...) -> Tensor {
            .record(Pointwise(function), [x] + more)[0]
        }
        let zero = constant(0)
        switch self {
        case .silu: return [dy * derivative(.siluDerivative)]
        case .mish: return [dy * derivative(.mishDerivative)]
        case .gelu: return [dy * derivative(.geluDerivative)]
        case .geluTanh: return [dy * derivative(.geluTanhDerivative)]
        case .logSigmoid: return [dy * (-x).sigmoid()]
        case .softsign: return [dy / (x.abs() + constant(1)).square()]
        case .tanhshrink: return [dy * x.tanh().square()]
        case .hardsigmoid: return [derivative(.hardsigmoidGradient, dy)]
        case .hardswish: return [derivative(.hardswishGradient, dy)]
        case .leakyRelu:
            return [
                context.needs(0) ? derivative(.leakyReluGradient, context.input(1), dy) : nil,
                context.needs(1) ? choose(x .> zero, zero, dy * x) : nil,
            ]
        case .hardshrink, .softshrink: return [derivative(.shrinkGradient, context.input(1), dy), nil]
        case .threshold: return [derivative(.thresholdGradient, context.input(1), dy), nil, nil]
        case .hardtanh:
            return [choose(derivative(.isBeyond, context.input(1), context.input(2)), zero, dy), nil, nil]
        // These are the same functions of their own gradients; what is left of x has steps only, but for hardswish.
        case .hardsigmoidGradient:
            return [context.needs(0) ? zero.expand(x.shape) : nil, context.needs(1) ? derivative(self, dy) : nil]
        case .hardswishGradient:
            let isInside = (x .> constant(-3)).logicalAnd(x .< constant(3))
            return [
                context.needs(0) ? choose(isInside, dy * context.input(1) * constant(1.0 / 3), zero) : nil,
                context.needs(1) ? derivative(self, dy) : nil,
            ]
        case .thresholdGradient, .shrinkGradient:
            return [
                context.needs(0) ? zero.expand(x.shape) : nil, nil,
                context.needs(2) ? derivative(self, context.input(1), dy) : nil,
            ]
        case .leakyReluGradient:
            return [
                context.needs(0) ? zero.expand(x.shape) : nil,
                context.needs(1) ? choose(x .> zero, zero, dy * context.input(2)) : nil,
                context.needs(2) ? derivative(self, context.input(1), dy) : nil,
            ]
        case .elu: return [dy * derivative(.eluDerivative, context.input(1), context.input(2)), nil, nil]
        case .eluDerivative:
            return [choose(x .<= zero, dy * context.input(2) * context.output(), zero), nil, nil]
        case .softplus:
            let scaled = x * context.input(1)
            return [choose(scaled .> context.input(2), dy, dy * scaled.sigmoid()), nil, nil]
        case .siluDerivative:
            // σ′ · (2 + x · (1 − 2σ))
            let sigmoid = x.sigmoid()
            return [dy * sigmoid * (-x).sigmoid() * (x * (1 - sigmoid * 2) + 2)]
        case .mishDerivative:
            // With t = tanh(softplus x): t′ = σ · (1 − t²), and 2t′ + x · t″ with t″ = t′ · (1 − σ − 2σt).
            let (sigmoid, t) = (x.sigmoid(), (-(-x).logsigmoid()).tanh())
            return [dy * sigmoid * (1 - t.square()) * (x * (1 - sigmoid - sigmoid * t * 2) + 2)]
        case .geluDerivative:
            // φ · (2 − x²)
            let square = x.square()
            return [dy * (square * -0.5).exp() * (2 - square) * 0.3989422804014327]
        case .geluTanhDerivative:
            // y = x · σ(v), v = x · (a + b · x²): σ′ · (2v′ + x · (v″ + v′² · (1 − 2σ)))
            let (a, b) = (1.5957691216057308, 0.07135481627260025)
            let square = x.square()
            let sigmoid = (x * (square * b + a)).sigmoid()
            let first = square * (3 * b) + a
            let inner = x * (6 * b) + first.square() * (1 - sigmoid * 2)
            return [dy * sigmoid * (1 - sigmoid) * (first * 2 + x * inner)]
        default: preconditionFailure("\(self) is no activation")
        }
    }
}
