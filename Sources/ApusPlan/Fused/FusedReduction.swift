import ApusGraph

/// A chain of elementwise functions, one of whose results is read by a reduction only: it is reduced while it lies in
/// the nearest cache, and never stored whole.
///
/// Results: those of the chain but for the reduced one, then that of the reduction.
public struct FusedReduction: Primitive, ReusesInputs {
    public static let name = "pointwise reduction"

    /// A program of one shape.
    public let pointwise: FusedPointwise
    /// Which of the program's results is reduced.
    public let reduced: Int
    public let reduction: Reduction

    public init(_ pointwise: FusedPointwise, reduced: Int, _ reduction: Reduction) {
        self.pointwise = pointwise
        self.reduced = reduced
        self.reduction = reduction
    }

    public var name: String { "\(pointwise.name) \(reduction.name)" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        var results = try pointwise.infer(inputs)
        let reducedSpec = results.remove(at: reduced)
        return results + (try reduction.infer([reducedSpec]))
    }

    public func reusableInputs(for output: Int, _ inputs: [TensorSpec]) -> [Int] {
        guard output < pointwise.results.count - 1 else { return [] }
        return pointwise.reusableInputs(for: output < reduced ? output : output + 1, inputs)
    }
}
