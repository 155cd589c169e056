import ApusGraph

extension FunctionCases {
    private typealias DimensionFunction = @Sendable (Tensor, [Int]?, Bool) -> Tensor

    /// A function of `dim` (one, several or absent) and `keepdim`.
    private static func reduction(_ function: @escaping DimensionFunction) -> FunctionBuilder {
        { call in
            let dimensions = try call.arguments.optionalIntegers("dim")
            return [function(try call.one(), dimensions, try call.arguments.boolean("keepdim", default: false))]
        }
    }

    /// Functions that reduce dimensions.
    static let reductions: [String: FunctionBuilder] = [
        "sum": reduction { $0.sum(dim: $1, keepdim: $2) },
        "mean": reduction { $0.mean(dim: $1, keepdim: $2) },
        "prod": reduction { $0.prod(dim: $1, keepdim: $2) },
        "amax": reduction { $0.amax(dim: $1, keepdim: $2) },
        "amin": reduction { $0.amin(dim: $1, keepdim: $2) },
        "any": reduction { $0.any(dim: $1, keepdim: $2) },
        "all": reduction { $0.all(dim: $1, keepdim: $2) },
        "logsumexp": { call in
            let dimensions = try call.arguments.integers("dim")
            let keeps = try call.arguments.boolean("keepdim", default: false)
            return [try call.one().logsumexp(dim: dimensions, keepdim: keeps)]
        },
        // With two tensors these are maximum and minimum; with `dim` the positions are a second result.
        "max": { call in
            if call.inputs.count == 2 { return [try call.two().0.maximum(call.two().1)] }
            guard let dimension = try call.arguments.optionalInteger("dim") else { return [try call.one().max()] }
            return pair(
                try call.one().max(dim: dimension, keepdim: call.arguments.boolean("keepdim", default: false)))
        },
        "min": { call in
            if call.inputs.count == 2 { return [try call.two().0.minimum(call.two().1)] }
            guard let dimension = try call.arguments.optionalInteger("dim") else { return [try call.one().min()] }
            return pair(
                try call.one().min(dim: dimension, keepdim: call.arguments.boolean("keepdim", default: false)))
        },
        "median": { call in
            guard let dimension = try call.arguments.optionalInteger("dim") else { return [try call.one().median()] }
            return pair(
                try call.one().median(dim: dimension, keepdim: call.arguments.boolean("keepdim", default: false)))
        },
        "count_nonzero": { [try $0.one().countNonzero(dim: $0.arguments.optionalIntegers("dim"))] },
        "argmax": { call in
            let dimension = try call.arguments.optionalInteger("dim")
            return [
                try call.one().argmax(dim: dimension, keepdim: call.arguments.boolean("keepdim", default: false))
            ]
        },
        "argmin": { call in
            let dimension = try call.arguments.optionalInteger("dim")
            return [
                try call.one().argmin(dim: dimension, keepdim: call.arguments.boolean("keepdim", default: false))
            ]
        },
        "var": { call in
            let (dimensions, correction, keeps) = try spread(call)
            return [try call.one().var(dim: dimensions, correction: correction, keepdim: keeps)]
        },
        "std": { call in
            let (dimensions, correction, keeps) = try spread(call)
            return [try call.one().std(dim: dimensions, correction: correction, keepdim: keeps)]
        },
        "var_mean": { call in
            let (dimensions, correction, keeps) = try spread(call)
            let (variance, mean) = try call.one().varMean(dim: dimensions, correction: correction, keepdim: keeps)
            return [variance, mean]
        },
        "std_mean": { call in
            let (dimensions, correction, keeps) = try spread(call)
            let (deviation, mean) = try call.one().stdMean(dim: dimensions, correction: correction, keepdim: keeps)
            return [deviation, mean]
        },
    ]

    /// The arguments of `var` and `std`.
    private static func spread(_ call: FunctionCall) throws -> (dimensions: [Int]?, correction: Double, keeps: Bool) {
        (
            try call.arguments.optionalIntegers("dim"), try call.arguments.number("correction", default: 1),
            try call.arguments.boolean("keepdim", default: false)
        )
    }
}
