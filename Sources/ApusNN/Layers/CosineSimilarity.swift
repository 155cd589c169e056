import ApusGraph

/// The cosine of the angle between vectors along a dimension, x · y / (max(‖x‖, ε) · max(‖y‖, ε))
/// (`torch.nn.CosineSimilarity`).
///
/// […, S, …] and […, S, …] → […, …], without the dimension `dim`; the two broadcast. It is called with both:
/// `layer(x, y)`.
open class CosineSimilarity: Module {
    /// The dimension of the vectors; from the end where it is negative.
    public let dim: Int
    /// ε, the least norm.
    public let eps: Double

    /// The similarity along a dimension.
    ///
    /// - Parameters:
    ///   - dim: the dimension of the vectors, from the end where it is negative; `1` by default.
    ///   - eps: ε, the least norm; `1e-8` by default.
    ///
    /// A `dim` that the inputs lack is an error when the layer is called (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(dim: Int = 1, eps: Double = 1e-8) {
        (self.dim, self.eps) = (dim, eps)
        super.init()
    }

    /// The similarity of two tensors: […, S, …] and […, S, …] → […, …].
    ///
    /// - Parameters:
    ///   - input1: x, […, S, …].
    ///   - input2: y, which must broadcast with x.
    ///   - file: the caller's file, for messages; `#fileID` by default.
    ///   - line: the caller's line, for messages; `#line` by default.
    public func callAsFunction(
        _ input1: Tensor, _ input2: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        withModulePath(file: file, line: line) { input1.cosineSimilarity(input2, dim: dim, eps: eps) }
    }
}
