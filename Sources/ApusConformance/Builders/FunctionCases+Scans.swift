import ApusGraph

extension FunctionCases {
    /// Running sums and products, and sums over labelled dimensions.
    static let scans: [String: FunctionBuilder] = [
        "cumsum": { [try $0.one().cumsum(dim: $0.arguments.integer("dim"))] },
        "cumprod": { [try $0.one().cumprod(dim: $0.arguments.integer("dim"))] },
        "einsum": { call in
            guard let equation = try call.arguments.optionalText("equation") else {
                throw CaseProblem.inexpressible("einsum has no equation")
            }
            return [.einsum(equation, call.inputs)]
        },
    ]
}
