import ApusGraph

/// The p-norm of the differences of two batches of vectors, ‖x − y + ε‖ (`torch.nn.PairwiseDistance`).
///
/// [N, S] and [N, S] → [N], or [N, 1] where `keepdim`; with any leading dimensions, which broadcast. It is called with
/// both: `layer(x, y)`.
open class PairwiseDistance: Module {
    /// The exponent of the norm.
    public let p: Double
    /// ε, which is added to each difference.
    public let eps: Double
    /// Whether the last dimension stays, with size 1.
    public let keepdim: Bool

    /// The distance by a norm.
    ///
    /// - Parameters:
    ///   - p: the exponent of the norm, which may be negative or infinite; `2` by default.
    ///   - eps: ε, which is added to each difference; `1e-6` by default.
    ///   - keepdim: whether the last dimension stays, with size 1; `false` by default.
    public init(p: Double = 2, eps: Double = 1e-6, keepdim: Bool = false) {
        (self.p, self.eps, self.keepdim) = (p, eps, keepdim)
        super.init()
    }

    /// The distances of two tensors: [.., S] and [.., S] → [..], or [.., 1] where ``keepdim``.
    ///
    /// - Parameters:
    ///   - input1: x, [.., S].
    ///   - input2: y, which must broadcast with x.
    ///   - file: the caller's file, for messages; `#fileID` by default.
    ///   - line: the caller's line, for messages; `#line` by default.
    public func callAsFunction(
        _ input1: Tensor, _ input2: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        withModulePath(file: file, line: line) {
            input1.pairwiseDistance(input2, p: p, eps: eps, keepdim: keepdim)
        }
    }
}
