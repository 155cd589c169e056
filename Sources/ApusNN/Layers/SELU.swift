import ApusGraph

/// 1.0507 · x where x > 0, else 1.0507 · 1.6733 · (eˣ − 1): keeps mean 0 and variance 1 through many layers
/// (`torch.nn.SELU`; Klambauer et al. 2017).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class SELU: Module {
    /// Printed as PyTorch does, and without other effect: tensors are values, and the engine reuses memory by itself.
    public let inplace: Bool

    /// The activation as a layer.
    ///
    /// - Parameters:
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    public init(inplace: Bool = false) {
        self.inplace = inplace
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.selu() }

    override open var extraDescription: String { inplace ? "inplace=True" : "" }
}
