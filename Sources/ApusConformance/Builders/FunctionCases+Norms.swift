import ApusGraph

extension FunctionCases {
    /// Norms, and gradients cut by them.
    static let norms: [String: FunctionBuilder] = [:]
}
