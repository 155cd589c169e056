import ApusGraph

/// x · tanh(log(1 + eˣ)), element by element (`torch.nn.Mish`; Misra 2019).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class Mish: Module {
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

    override open func forward(_ input: Tensor) -> Tensor { input.mish() }

    override open var extraDescription: String { inplace ? "inplace=True" : "" }
}
