import ApusGraph

extension FunctionCases {
    /// Running sums and products, and sums over labelled dimensions.
    static let scans: [String: FunctionBuilder] = [:]
}
