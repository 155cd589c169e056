import ApusGraph

extension FunctionCases {
    /// Functions that move elements without computing.
    static let shapes: [String: FunctionBuilder] = [
        "reshape": { [try $0.one().reshape(Shape($0.arguments.integers("shape")))] },
        "flatten": { call in
            let start = try call.arguments.integer("start_dim", default: 0)
            return [try call.one().flatten(from: start, to: call.arguments.integer("end_dim", default: -1))]
        },
        "unflatten": { call in
            let dimension = try call.arguments.integer("dim")
            return [try call.one().unflatten(dim: dimension, sizes: call.arguments.integers("sizes"))]
        },
        "permute": { [try $0.one().permute($0.arguments.integers("dims"))] },
        "transpose": { call in
            let first = try call.arguments.integer("dim0")
            return [try call.one().transpose(first, call.arguments.integer("dim1"))]
        },
        "squeeze": { call in
            guard let dimensions = try call.arguments.optionalIntegers("dim") else { return [try call.one().squeeze()] }
            // An empty list names no dimension: the tensor stays as it is.
            return [dimensions.isEmpty ? try call.one() : try call.one().squeeze(dim: dimensions)]
        },
        "unsqueeze": { [try $0.one().unsqueeze(dim: $0.arguments.integer("dim"))] },
        "expand": { [try $0.one().expand(Shape($0.arguments.integers("size")))] },
        "narrow": { call in
            let (dimension, start) = (try call.arguments.integer("dim"), try call.arguments.integer("start"))
            return [try call.one().narrow(dim: dimension, start: start, length: call.arguments.integer("length"))]
        },
        "select": { call in
            let dimension = try call.arguments.integer("dim")
            return [try call.one().select(dim: dimension, index: call.arguments.integer("index"))]
        },
        "split": { call in
            let dimension = try call.arguments.integer("dim", default: 0)
            let name = "split_size_or_sections"
            if case .integer(let size) = call.arguments.value(name) {
                return try call.one().split(size, dim: dimension)
            }
            return try call.one().split(call.arguments.integers(name), dim: dimension)
        },
        "cat": { [.cat($0.inputs, dim: try $0.arguments.integer("dim", default: 0))] },
        "stack": { [.stack($0.inputs, dim: try $0.arguments.integer("dim", default: 0))] },
        "flip": { [try $0.one().flip($0.arguments.integers("dims"))] },
    ]
}
