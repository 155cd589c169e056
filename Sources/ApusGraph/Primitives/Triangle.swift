/// The part of each matrix on one side of a diagonal; the other elements are 0.
///
/// Shape rule: the input's shape [.., R, C]. Kept is j − i ≤ diagonal below, j − i ≥ diagonal above.
public struct Triangle: Primitive {
    public static let name = "tril"
    public let isUpper: Bool
    public let diagonal: Int

    public init(isUpper: Bool, diagonal: Int) {
        self.isUpper = isUpper
        self.diagonal = diagonal
    }

    public var name: String { isUpper ? "triu" : "tril" }
    public var gradientName: String { isUpper ? "TriuBackward0" : "TrilBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard inputs[0].shape.rank >= 2 else {
            throw TensorError(
                name,
                "the tensor \(inputs[0].shape.brackets) has \(inputs[0].shape.rank) dimensions. A matrix, or a stack of "
                    + "them, needs at least 2.")
        }
        return [inputs[0]]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] { [.record(self, context.cotangent())] }

    /// The columns of row `row` that are kept.
    public func columns(ofRow row: Int, count: Int) -> Range<Int> {
        let (edge, overflow) = row.addingReportingOverflow(diagonal)
        let bound = overflow ? (diagonal > 0 ? count : -1) : edge
        return isUpper ? min(max(bound, 0), count)..<count : 0..<min(max(bound, -1), count - 1) + 1
    }
}

extension Tensor {
    /// The lower triangle of each matrix; what is above the diagonal is 0 (`torch.tril`).
    ///
    /// [.., R, C] → the same shape; element (i, j) stays where j − i ≤ `diagonal`. Fewer than 2 dimensions are an
    /// error.
    ///
    /// - Parameters:
    ///   - diagonal: above the main diagonal where it is positive; `0` by default.
    public func tril(diagonal: Int = 0) -> Tensor { .record(Triangle(isUpper: false, diagonal: diagonal), self) }

    /// The upper triangle of each matrix; what is below the diagonal is 0 (`torch.triu`).
    ///
    /// [.., R, C] → the same shape; element (i, j) stays where j − i ≥ `diagonal`. Fewer than 2 dimensions are an
    /// error.
    ///
    /// - Parameters:
    ///   - diagonal: above the main diagonal where it is positive; `0` by default.
    public func triu(diagonal: Int = 0) -> Tensor { .record(Triangle(isUpper: true, diagonal: diagonal), self) }
}
