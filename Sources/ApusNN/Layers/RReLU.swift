import ApusGraph

/// x where x > 0, else slope · x with random slopes (`torch.nn.RReLU`; Xu et al. 2015).
///
/// The result has the shape of the input: [*] → [*], * any dimensions. In training mode a slope is
/// drawn for each element, lower ≤ slope < upper; in evaluation mode all slopes are (lower + upper) / 2.
open class RReLU: Module {
    /// The least slope.
    public let lower: Double
    /// What all random slopes are below.
    public let upper: Double
    /// Printed as PyTorch does, and without other effect: tensors are values, and the engine reuses memory by itself.
    public let inplace: Bool

    /// The activation with the bounds of its slopes.
    ///
    /// - Parameters:
    ///   - lower: the least slope; `1.0 / 8` by default.
    ///   - upper: what all random slopes are below; `1.0 / 3` by default.
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    ///
    /// A lower bound above the upper one, or a bound that is not finite, is an error when the layer is called (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public init(lower: Double = 1.0 / 8, upper: Double = 1.0 / 3, inplace: Bool = false) {
        (self.lower, self.upper, self.inplace) = (lower, upper, inplace)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        input.rrelu(lower: lower, upper: upper, training: isTraining)
    }

    override open var extraDescription: String {
        "lower=\(PythonText.of(lower)), upper=\(PythonText.of(upper))" + (inplace ? ", inplace=True" : "")
    }
}
