import ApusGraph

/// Sets each element to zero with probability p and multiplies the others by 1 / (1 − p) (`torch.nn.Dropout`;
/// Srivastava et al. 2014).
///
/// [*] → [*]. In evaluation mode the input itself.
open class Dropout: DropoutBase {
    /// A dropout with probability `p`.
    ///
    /// - Parameters:
    ///   - p: the probability that an element is dropped, 0 to 1; `0.5` by default.
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    ///
    /// A probability outside of 0 … 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ p: Double = 0.5, inplace: Bool = false) { super.init("Dropout", p, inplace: inplace) }

    override open func forward(_ input: Tensor) -> Tensor { input.dropout(p: p, training: isTraining) }
}
