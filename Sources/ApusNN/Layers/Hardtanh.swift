import ApusGraph

/// x cut to `minVal` … `maxVal`, element by element (`torch.nn.Hardtanh`; Collobert 2004).
///
/// The result has the shape of the input: [*] → [*], * any dimensions. No gradient passes at the bounds.
open class Hardtanh: Module {
    /// The lower bound.
    public let minVal: Double
    /// The upper bound.
    public let maxVal: Double
    /// Printed as PyTorch does, and without other effect: tensors are values, and the engine reuses memory by itself.
    public let inplace: Bool

    /// The activation with its bounds.
    ///
    /// - Parameters:
    ///   - minVal: the lower bound; `-1` by default.
    ///   - maxVal: the upper bound, greater than the lower one; `1` by default.
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    ///
    /// Bounds in the wrong order are an error (see ``/ApusGraph/withTensorErrors(_:)``).
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
