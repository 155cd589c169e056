/// The position of the largest or smallest element along a dimension; the first of equal ones, NaN before all.
///
/// Shape rule: the dimension becomes 1 where `keepDim`, else it vanishes; the type is `int64`. No gradient.
public struct ArgReduction: Primitive {
    public static let name = "argmax"
    public let isMaximum: Bool
    public let dimension: Int
    public let keepDim: Bool

    public var name: String { isMaximum ? "argmax" : "argmin" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let input = inputs[0]
        var sizes = input.shape.dimensions
        if sizes.isEmpty { return [TensorSpec([], .int64, input.device)] }
        guard sizes[dimension] > 0 else {
            throw TensorError(name, "the shape \(input.shape.brackets) has no elements along dimension \(dimension).")
        }
        if keepDim { sizes[dimension] = 1 } else { sizes.remove(at: dimension) }
        return [TensorSpec(Shape(sizes), .int64, input.device)]
    }
}

extension Tensor {
    private func argReduce(isMaximum: Bool, _ dim: Int?, keepdim: Bool) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let name = isMaximum ? "argmax" : "argmin"
            guard let dim else {
                let flat = reshape([count])
                let position = Tensor.record(ArgReduction(isMaximum: isMaximum, dimension: 0, keepDim: false), flat)
                return keepdim ? position.reshape(Shape([Int](repeating: 1, count: rank))) : position
            }
            let dimension = try shape.resolve(dimension: dim, operation: name)
            return .record(ArgReduction(isMaximum: isMaximum, dimension: dimension, keepDim: keepdim), self)
        }
    }

    /// The position of the largest element, `int64`; the first of equal ones, NaN before all (`torch.argmax`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar.
    ///
    /// - Parameters:
    ///   - dim: the dimension; `nil` by default, which asks for the position in the flattened tensor.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func argmax(dim: Int? = nil, keepdim: Bool = false) -> Tensor {
        argReduce(isMaximum: true, dim, keepdim: keepdim)
    }

    /// The position of the smallest element, `int64`; the first of equal ones, NaN before all (`torch.argmin`).
    ///
    /// [.., S, ..] → [.., ..], or [.., 1, ..] where `keepdim`; without `dim` a scalar.
    ///
    /// - Parameters:
    ///   - dim: the dimension; `nil` by default, which asks for the position in the flattened tensor.
    ///   - keepdim: whether a reduced dimension stays, with size 1; `false` by default.
    public func argmin(dim: Int? = nil, keepdim: Bool = false) -> Tensor {
        argReduce(isMaximum: false, dim, keepdim: keepdim)
    }
}
