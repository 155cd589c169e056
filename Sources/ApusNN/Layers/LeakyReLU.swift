import ApusGraph

/// x where x > 0, else `negativeSlope` · x, element by element (`torch.nn.LeakyReLU`; Maas et al. 2013).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class LeakyReLU: Module {
    /// The slope below 0.
    public let negativeSlope: Double
    /// Printed as PyTorch does, and without other effect: tensors are values, and the engine reuses memory by itself.
    public let inplace: Bool

    /// The activation with any slope.
    ///
    /// - Parameters:
    ///   - negativeSlope: the slope below 0; `0.01` by default.
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    public init(negativeSlope: Double = 0.01, inplace: Bool = false) {
        self.negativeSlope = negativeSlope
        self.inplace = inplace
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.leakyRelu(negativeSlope: negativeSlope) }

    override open var extraDescription: String {
        "negative_slope=\(PythonText.of(negativeSlope))" + (inplace ? ", inplace=True" : "")
    }
}
