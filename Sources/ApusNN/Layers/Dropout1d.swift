import ApusGraph

/// Sets whole channels of sequences to zero with probability p and multiplies the others by 1 / (1 − p)
/// (`torch.nn.Dropout1d`; Tompson et al. 2015).
///
/// [N, C, L] or, without a batch, [C, L] → the same shape. In evaluation mode the input itself. Another number of
/// dimensions is an error when the layer is called.
open class Dropout1d: DropoutBase {
    /// A dropout with probability `p`.
    ///
    /// - Parameters:
    ///   - p: the probability that a channel of a sample is dropped, 0 to 1; `0.5` by default.
    ///   - inplace: kept for PyTorch's sake and printed as PyTorch does; it has no other effect (see
    ///     <doc:NothingInPlace>); `false` by default.
    ///
    /// A probability outside of 0 … 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ p: Double = 0.5, inplace: Bool = false) { super.init("Dropout1d", p, inplace: inplace) }

    override open func forward(_ input: Tensor) -> Tensor {
        switch input.rank {
        case 3: return input.featureDropout(p: p, training: isTraining)
        case 2: return input.unsqueeze(dim: 0).featureDropout(p: p, training: isTraining).squeeze(dim: 0)
        default:
            return .refuse(
                TensorError(
                    "dropout1d",
                    "the input \(input.shape.brackets) has \(input.rank) dimensions. Expected 3, [N, C, L], or 2 "
                        + "without a batch, [C, L]."), like: [input])
        }
    }
}
