import ApusGraph

/// x where x > 0, else α · (eˣ − 1), element by element (`torch.nn.ELU`; Clevert et al. 2016).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class ELU: Module {
    /// α: far below 0 the result is −α.
    public let alpha: Double
    /// Printed as PyTorch does, and without other effect: tensors are values, and the engine reuses memory by itself.
    public let inplace: Bool

    /// The activation with any α.
    ///
    /// - Parameters:
    ///   - alpha: α: far below 0 the result is −α; `1` by default.
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    public init(alpha: Double = 1, inplace: Bool = false) {
        self.alpha = alpha
        self.inplace = inplace
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.elu(alpha: alpha) }

    override open var extraDescription: String {
        "alpha=\(PythonText.of(alpha))" + (inplace ? ", inplace=True" : "")
    }
}
