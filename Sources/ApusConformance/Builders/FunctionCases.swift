import ApusGraph

/// The functions by their PyTorch names.
///
/// A new one is one entry in the table of its subject.
enum FunctionCases {
    static let all: [String: FunctionBuilder] = [
        activations, clipping, elementwise, furtherElementwise, indexing, movement, operators, products, reductions,
        resampling, scans, shapes, vectors,
    ].reduce(into: [:]) { all, table in all.merge(table) { first, _ in first } }

    /// Calls the function; throws `unsupported` where it does not exist here.
    static func call(
        _ operation: String, _ arguments: [String: ArgumentValue], _ inputs: [Tensor]
    ) throws -> [Tensor] {
        guard let builder = all[operation] else {
            throw CaseProblem.unsupported("the function \(operation) does not exist here")
        }
        let arguments = CaseArguments(arguments)
        let results = try builder(FunctionCall(operation: operation, inputs: inputs, arguments: arguments))
        try arguments.checkAllRead(operation)
        return results
    }

    /// Checks results and gradients of a function case.
    static func run(_ goldenCase: GoldenCase) throws {
        if clipping[goldenCase.operation] != nil { return try runClipping(goldenCase) }
        try CallCheck(goldenCase).run { try call(goldenCase.operation, goldenCase.arguments, $0) }
    }

    private static func unary(_ function: @escaping @Sendable (Tensor) -> Tensor) -> FunctionBuilder {
        { [function(try $0.one())] }
    }

    private static func binary(
        _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
    ) -> FunctionBuilder {
        { call in
            let (left, right) = try call.pair(orNumber: "other")
            return [function(left, right)]
        }
    }

    /// Functions of one tensor, element by element.
    private static let elementwise: [String: FunctionBuilder] = [
        "abs": unary { $0.abs() },
        "neg": unary { -$0 },
        "exp": unary { $0.exp() },
        "expm1": unary { $0.expm1() },
        "log": unary { $0.log() },
        "log1p": unary { $0.log1p() },
        "sqrt": unary { $0.sqrt() },
        "rsqrt": unary { $0.rsqrt() },
        "reciprocal": unary { $0.reciprocal() },
        "square": unary { $0.square() },
        "sin": unary { $0.sin() },
        "cos": unary { $0.cos() },
        "tan": unary { $0.tan() },
        "tanh": unary { $0.tanh() },
        "sigmoid": unary { $0.sigmoid() },
        "relu": unary { $0.relu() },
        "erf": unary { $0.erf() },
        "floor": unary { $0.floor() },
        "ceil": unary { $0.ceil() },
        "round": unary { $0.round() },
        "trunc": unary { $0.trunc() },
        "sign": unary { $0.sign() },
        "isnan": unary { $0.isNaN() },
        "logical_not": unary { $0.logicalNot() },
        "clone": unary { $0.clone() },
        "clamp": { call in
            let (least, most) = (try call.arguments.optionalNumber("min"), try call.arguments.optionalNumber("max"))
            return [try call.one().clamp(min: least, max: most)]
        },
        "softmax": { [try $0.one().softmax(dim: $0.arguments.integer("dim"))] },
        "log_softmax": { [try $0.one().logSoftmax(dim: $0.arguments.integer("dim"))] },
    ]

    /// Functions of two or three tensors, element by element.
    private static let operators: [String: FunctionBuilder] = [
        "add": { call in
            let (left, right) = try call.pair(orNumber: "other")
            return [left + (try scaled(right, call))]
        },
        "sub": { call in
            let (left, right) = try call.pair(orNumber: "other")
            return [left - (try scaled(right, call))]
        },
        "mul": binary { $0 * $1 },
        "div": binary { $0 / $1 },
        "pow": { call in
            let (base, exponent) = try call.pair(orNumber: "exponent")
            return [base.pow(exponent)]
        },
        "maximum": binary { $0.maximum($1) },
        "minimum": binary { $0.minimum($1) },
        "eq": binary { $0 .== $1 },
        "ne": binary { $0 .!= $1 },
        "lt": binary { $0 .< $1 },
        "le": binary { $0 .<= $1 },
        "gt": binary { $0 .> $1 },
        "ge": binary { $0 .>= $1 },
        "logical_and": binary { $0.logicalAnd($1) },
        "logical_or": binary { $0.logicalOr($1) },
        "where": { call in
            let (condition, left, right) = try call.three()
            return [left.where(condition, else: right)]
        },
        "masked_fill": { call in
            let (tensor, mask) = try call.two()
            return [tensor.maskedFill(mask, try call.arguments.number("value"))]
        },
    ]

    /// The second operand times `alpha`, where that is given.
    private static func scaled(_ operand: Tensor, _ call: FunctionCall) throws -> Tensor {
        call.arguments.contains("alpha") ? operand * (try call.arguments.operand("alpha")) : operand
    }

    /// Products of matrices.
    private static let products: [String: FunctionBuilder] = [
        "matmul": { call in
            let (left, right) = try call.two()
            return [left.matmul(right)]
        },
        "mm": { [try $0.two().0.mm($0.two().1)] },
        "bmm": { [try $0.two().0.bmm($0.two().1)] },
    ]
}
