import ApusGraph

/// x · min(max(x + 3, 0), 6) / 6, element by element (`torch.nn.Hardswish`; Howard et al. 2019).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class Hardswish: Module {
    /// Kept for PyTorch's sake, which does not print it here, and without effect: tensors are values.
    public let inplace: Bool

    /// The activation as a layer.
    ///
    /// - Parameters:
    ///   - inplace: kept for PyTorch's sake, which does not print it here; it has no effect (see <doc:NothingInPlace>);
    ///     `false` by default.
    public init(inplace: Bool = false) {
        self.inplace = inplace
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.hardswish() }
}
