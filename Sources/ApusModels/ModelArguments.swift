import ApusGraph

/// Checks the arguments of a model's constructor that its layers do not check themselves.
enum ModelArguments {
    /// `numbers` where there are as many as in `usual`, which stand in for another count after its error was raised
    /// (see ``/ApusGraph/withTensorErrors(_:)``).
    static func counted(_ numbers: [Int], as usual: [Int], name: String, of model: String) -> [Int] {
        guard numbers.count != usual.count else { return numbers }
        TensorError.raise(
            TensorError(
                model, "\(name): \(numbers) has \(numbers.count) numbers. Give \(usual.count), such as \(usual)."))
        return usual
    }
}
