import ApusEngine
import ApusGraph

extension FunctionCases {
    /// Functions that take or put elements by position, and orders.
    static let indexing: [String: FunctionBuilder] = [
        "gather": { call in
            let (tensor, index) = try call.two()
            return [tensor.gather(dim: try call.arguments.integer("dim"), index)]
        },
        "take_along_dim": { call in
            let (tensor, index) = try call.two()
            return [tensor.takeAlong(dim: try call.arguments.optionalInteger("dim"), index)]
        },
        "take": { call in
            let (tensor, index) = try call.two()
            return [tensor.take(index)]
        },
        "index_select": { call in
            let (tensor, index) = try call.two()
            return [tensor.indexSelect(dim: try call.arguments.integer("dim"), index)]
        },
        "index_add": { call in
            let (tensor, index, source) = try call.three()
            let alpha = try call.arguments.number("alpha", default: 1)
            return [tensor.indexAdd(dim: try call.arguments.integer("dim"), index, source, alpha: alpha)]
        },
        "scatter": { call in
            let dimension = try call.arguments.integer("dim")
            if call.inputs.count == 2 {
                let (tensor, index) = try call.two()
                return [tensor.scatter(dim: dimension, index, value: try call.arguments.number("value"))]
            }
            let (tensor, index, source) = try call.three()
            return [tensor.scatter(dim: dimension, index, source)]
        },
        "scatter_add": { call in
            let (tensor, index, source) = try call.three()
            return [tensor.scatterAdd(dim: try call.arguments.integer("dim"), index, source)]
        },
        "masked_select": { call in
            let (tensor, mask) = try call.two()
            return [tensor.maskedSelect(mask)]
        },
        "nonzero": { [try $0.one().nonzero()] },
        "one_hot": { call in
            // −1 is PyTorch's way to leave it out.
            let count = try call.arguments.integer("num_classes", default: -1)
            return [count == -1 ? try call.one().oneHot() : try call.one().oneHot(numClasses: count)]
        },
        "bincount": { call in
            let least = try call.arguments.integer("minlength", default: 0)
            let weights = call.inputs.count == 2 ? call.inputs[1] : nil
            return [try call.first().bincount(weights: weights, minLength: least)]
        },
        "sort": { call in
            let (dimension, descending, stable) = try order(call)
            return pair(try call.one().sort(dim: dimension, descending: descending, stable: stable))
        },
        "argsort": { call in
            let (dimension, descending, stable) = try order(call)
            return [try call.one().argsort(dim: dimension, descending: descending, stable: stable)]
        },
        "topk": { call in
            let k = try call.arguments.integer("k")
            let dimension = try call.arguments.integer("dim", default: -1)
            let largest = try call.arguments.boolean("largest", default: true)
            let sorted = try call.arguments.boolean("sorted", default: true)
            return pair(try call.one().topk(k, dim: dimension, largest: largest, sorted: sorted))
        },
        "kthvalue": { call in
            let k = try call.arguments.integer("k")
            let dimension = try call.arguments.integer("dim", default: -1)
            let keeps = try call.arguments.boolean("keepdim", default: false)
            return pair(try call.one().kthvalue(k, dim: dimension, keepdim: keeps))
        },
    ]

    static func pair(_ pair: (values: Tensor, indices: Tensor)) -> [Tensor] { [pair.values, pair.indices] }

    /// The arguments of `sort` and `argsort`.
    private static func order(_ call: FunctionCall) throws -> (dimension: Int, descending: Bool, stable: Bool) {
        (
            try call.arguments.integer("dim", default: -1),
            try call.arguments.boolean("descending", default: false),
            try call.arguments.boolean("stable", default: false)
        )
    }
}
