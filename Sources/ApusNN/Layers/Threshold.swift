import ApusGraph

/// x where x > `threshold`, else `value`, element by element (`torch.nn.Threshold`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class Threshold: Module {
    /// Above which x stays.
    public let threshold: Double
    /// The result elsewhere.
    public let value: Double
    /// Printed as PyTorch does, and without other effect: tensors are values, and the engine reuses memory by itself.
    public let inplace: Bool

    /// The activation with its two numbers.
    ///
    /// - Parameters:
    ///   - threshold: above which x stays.
    ///   - value: the result elsewhere.
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    public init(_ threshold: Double, _ value: Double, inplace: Bool = false) {
        (self.threshold, self.value, self.inplace) = (threshold, value, inplace)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.threshold(threshold, value: value) }

    override open var extraDescription: String {
        "threshold=\(PythonText.of(threshold)), value=\(PythonText.of(value))" + (inplace ? ", inplace=True" : "")
    }
}
