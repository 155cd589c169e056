import ApusGraph

extension FunctionCases {
    private static func unary(_ function: @escaping @Sendable (Tensor) -> Tensor) -> FunctionBuilder {
        { [function(try $0.one())] }
    }

    private static func binary(_ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> FunctionBuilder {
        { call in
            let (left, right) = try call.pair(orNumber: "other")
            return [function(left, right)]
        }
    }

    /// The functional forms of the activations.
    static let activations: [String: FunctionBuilder] = [
        "celu": { [try $0.one().celu(alpha: try $0.arguments.number("alpha", default: 1))] },
        "elu": { [try $0.one().elu(alpha: try $0.arguments.number("alpha", default: 1))] },
        "gelu": { call in
            let name = try call.arguments.text("approximate", default: "none")
            guard let approximation = GELUApproximation(rawValue: name) else {
                throw CaseProblem.inexpressible("approximate is one of two: .none or .tanh, not \(name)")
            }
            return [try call.one().gelu(approximate: approximation)]
        },
        "glu": { [try $0.one().glu(dim: try $0.arguments.integer("dim", default: -1))] },
        "hardshrink": { [try $0.one().hardshrink(lambd: try $0.arguments.number("lambd", default: 0.5))] },
        "hardsigmoid": unary { $0.hardsigmoid() },
        "hardswish": unary { $0.hardswish() },
        "hardtanh": { call in
            let low = try call.arguments.number("min_val", default: -1)
            return [try call.one().hardtanh(minVal: low, maxVal: try call.arguments.number("max_val", default: 1))]
        },
        "leaky_relu": { call in
            [try call.one().leakyRelu(negativeSlope: try call.arguments.number("negative_slope", default: 0.01))]
        },
        "logsigmoid": unary { $0.logsigmoid() },
        "mish": unary { $0.mish() },
        "prelu": { call in
            let (input, weight) = try call.two()
            return [input.prelu(weight)]
        },
        "relu6": unary { $0.relu6() },
        "selu": unary { $0.selu() },
        "silu": unary { $0.silu() },
        "softmin": { [try $0.one().softmin(dim: try $0.arguments.integer("dim"))] },
        "softplus": { call in
            let beta = try call.arguments.number("beta", default: 1)
            return [try call.one().softplus(beta: beta, threshold: call.arguments.number("threshold", default: 20))]
        },
        "softshrink": { [try $0.one().softshrink(lambd: try $0.arguments.number("lambd", default: 0.5))] },
        "softsign": unary { $0.softsign() },
        "tanhshrink": unary { $0.tanhshrink() },
        "threshold": { call in
            let bound = try call.arguments.number("threshold")
            return [try call.one().threshold(bound, value: try call.arguments.number("value"))]
        },
    ]

    /// Elementwise functions beside the usual ones.
    static let furtherElementwise: [String: FunctionBuilder] = [
        "acos": unary { $0.acos() },
        "acosh": unary { $0.acosh() },
        "asin": unary { $0.asin() },
        "asinh": unary { $0.asinh() },
        "atan": unary { $0.atan() },
        "atan2": binary { $0.atan2($1) },
        "atanh": unary { $0.atanh() },
        "cosh": unary { $0.cosh() },
        "erfc": unary { $0.erfc() },
        "exp2": unary { $0.exp2() },
        "floor_divide": binary { $0.floorDivide($1) },
        "fmod": binary { $0.fmod($1) },
        "frac": unary { $0.frac() },
        "hypot": binary { $0.hypot($1) },
        "isfinite": unary { $0.isFinite() },
        "isinf": unary { $0.isInf() },
        "lerp": { call in
            if call.inputs.count == 3 {
                let (start, end, weight) = try call.three()
                return [start.lerp(end, weight: weight)]
            }
            let (start, end) = try call.two()
            return [start.lerp(end, weight: try call.arguments.number("weight"))]
        },
        "log10": unary { $0.log10() },
        "log2": unary { $0.log2() },
        "logaddexp": { call in
            let (left, right) = try call.two()
            return [left.logaddexp(right)]
        },
        "logit": { [try $0.one().logit(eps: try $0.arguments.optionalNumber("eps"))] },
        "nan_to_num": { call in
            let (positive, negative) = (
                try call.arguments.optionalNumber("posinf"), try call.arguments.optionalNumber("neginf")
            )
            let nan = try call.arguments.number("nan", default: 0)
            return [try call.one().nanToNum(nan: nan, posinf: positive, neginf: negative)]
        },
        "remainder": binary { $0.remainder($1) },
        "sinh": unary { $0.sinh() },
    ]
}
