import ApusGraph

/// x cut to `minVal` … `maxVal`, element by element (`torch.nn.Hardtanh`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions. No gradient passes at the bounds.
open class Hardtanh: Module {
    public let minVal: Double
    public let maxVal: Double
    /// Printed as PyTorch does, and without other effect: tensors are values, and the engine reuses memory by itself.
    public let inplace: Bool

    /// `maxVal` must be greater than `minVal` (see ``withTensorErrors(_:)``).
    public init(minVal: Double = -1, maxVal: Double = 1, inplace: Bool = false) {
        (self.minVal, self.maxVal, self.inplace) = (minVal, maxVal, inplace)
        var arguments = LayerArguments(of: "Hardtanh")
        arguments.require(maxVal > minVal, "maxVal is \(maxVal). It must be greater than minVal, \(minVal).")
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.hardtanh(minVal: minVal, maxVal: maxVal) }

    override open var extraDescription: String {
        "min_val=\(PythonText.of(minVal)), max_val=\(PythonText.of(maxVal))" + (inplace ? ", inplace=True" : "")
    }
}
