import ApusGraph

/// x where x > `threshold`, else `value`, element by element (`torch.nn.Threshold`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class Threshold: Module {
    public let threshold: Double
    public let value: Double
    /// Printed as PyTorch does, and without other effect: tensors are values, and the engine reuses memory by itself.
    public let inplace: Bool

    public init(_ threshold: Double, _ value: Double, inplace: Bool = false) {
        (self.threshold, self.value, self.inplace) = (threshold, value, inplace)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.threshold(threshold, value: value) }

    override open var extraDescription: String {
        "threshold=\(PythonText.of(threshold)), value=\(PythonText.of(value))" + (inplace ? ", inplace=True" : "")
    }
}
