import ApusGraph

extension FunctionCases {
    /// Padding and resampling.
    static let resampling: [String: FunctionBuilder] = [:]
}
