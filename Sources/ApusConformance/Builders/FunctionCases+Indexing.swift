import ApusGraph

extension FunctionCases {
    /// Functions that take or put elements by position, and orders.
    static let indexing: [String: FunctionBuilder] = [:]
}
