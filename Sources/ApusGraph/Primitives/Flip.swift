/// The elements in reverse order along some dimensions.
///
/// Shape rule: the input's shape.
public struct Flip: Primitive {
    public static let name = "flip"
    public let dimensions: [Int]

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] { [inputs[0]] }

    public func gradient(_ context: GradientContext) -> [Tensor?] { [.record(self, context.cotangent())] }
}

extension Tensor {
    /// The elements in reverse order along some dimensions (`torch.flip`): [*] → [*].
    ///
    /// - Parameters:
    ///   - dims: dimensions; negative ones count from the end.
    public func flip(_ dims: [Int]) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard !dims.isEmpty else { return clone() }
            return .record(Flip(dimensions: try shape.resolve(dimensions: dims, operation: "flip")), self)
        }
    }

    /// The elements in reverse order along some dimensions (`torch.flip`): [*] → [*].
    ///
    /// - Parameters:
    ///   - dims: dimensions; negative ones count from the end.
    public func flip(_ dims: Int...) -> Tensor { flip(dims) }
}
