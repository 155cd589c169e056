import ApusGraph

extension FunctionCases {
    /// Norms, and products of vectors.
    static let vectors: [String: FunctionBuilder] = [
        "norm": { call in
            let p = try call.arguments.number("p", default: 2)
            let dimensions = try call.arguments.optionalIntegers("dim")
            let keeps = try call.arguments.boolean("keepdim", default: false)
            return [try call.one().norm(p, dim: dimensions, keepdim: keeps)]
        },
        "normalize": { call in
            let p = try call.arguments.number("p", default: 2)
            let dimensions = try call.arguments.optionalIntegers("dim") ?? [1]
            return [
                try call.one().normalize(p: p, dim: dimensions, eps: call.arguments.number("eps", default: 1e-12))
            ]
        },
        "cosine_similarity": { call in
            let (left, right) = try call.two()
            let dimension = try call.arguments.integer("dim", default: 1)
            let epsilon = try call.arguments.number("eps", default: 1e-8)
            return [left.cosineSimilarity(right, dim: dimension, eps: epsilon)]
        },
        "pairwise_distance": { call in
            let (left, right) = try call.two()
            let p = try call.arguments.number("p", default: 2)
            let epsilon = try call.arguments.number("eps", default: 1e-6)
            let keeps = try call.arguments.boolean("keepdim", default: false)
            return [left.pairwiseDistance(right, p: p, eps: epsilon, keepdim: keeps)]
        },
        "outer": { [try $0.two().0.outer($0.two().1)] },
        "dot": { [try $0.two().0.dot($0.two().1)] },
        "mv": { [try $0.two().0.mv($0.two().1)] },
        "kron": { [try $0.two().0.kron($0.two().1)] },
        "addmm": { call in
            let (tensor, left, right) = try call.three()
            let (alpha, beta) = (
                try call.arguments.number("alpha", default: 1), try call.arguments.number("beta", default: 1)
            )
            return [tensor.addmm(left, right, beta: beta, alpha: alpha)]
        },
    ]
}
