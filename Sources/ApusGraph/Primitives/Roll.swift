/// The elements moved around along a dimension: what leaves at one end comes in at the other.
///
/// Shape rule: the input's shape. Result [(i + shift) mod S] is x[i].
public struct Roll: Primitive {
    public static let name = "roll"
    /// From 0 up to the dimension's size.
    public let shift: Int
    public let dimension: Int

    public init(_ shift: Int, _ dimension: Int) {
        self.shift = shift
        self.dimension = dimension
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] { [inputs[0]] }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let size = context.inputSpec(0).shape[dimension]
        return [.record(Roll((size - shift) % size, dimension), context.cotangent())]
    }
}

extension Tensor {
    /// The elements moved by `shifts` along `dims`, and around the ends (`torch.roll`).
    ///
    /// Any shape → the same shape: result[(i + shift) mod S] = self[i]. There must be one shift for each dimension.
    ///
    /// - Parameters:
    ///   - shifts: how far along each dimension.
    ///   - dims: the dimensions, one for each shift.
    public func roll(_ shifts: [Int], dims: [Int]) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard shifts.count == dims.count, !shifts.isEmpty else {
                throw TensorError(
                    Roll.name,
                    "there are \(shifts.count) shifts \(shifts) for \(dims.count) dimensions \(dims). Give one shift "
                        + "for each dimension.")
            }
            var result = self
            for (shift, dim) in zip(shifts, dims) {
                guard rank > 0 else { throw .dimensionOutOfRange(operation: Roll.name, dim, rank: 0) }
                let dimension = try shape.resolve(dimension: dim, operation: Roll.name)
                let size = shape[dimension]
                guard count > 0 else { continue }
                result = .record(Roll((shift % size + size) % size, dimension), result)
            }
            return result.shape == shape && count == 0 ? clone() : result
        }
    }

    /// The elements moved along one dimension, and around the ends (`torch.roll`): [*] → [*].
    ///
    /// - Parameters:
    ///   - shift: how far.
    ///   - dim: the dimension; negative ones count from the end.
    public func roll(_ shift: Int, dim: Int) -> Tensor { roll([shift], dims: [dim]) }

    /// The elements moved in row-major order, and around the ends (`torch.roll` without `dims`): [*] → [*].
    ///
    /// - Parameters:
    ///   - shift: how far.
    public func roll(_ shift: Int) -> Tensor {
        guard count > 0 else { return clone() }
        return reshape(count).roll([shift], dims: [0]).reshape(shape).withGradientName("RollBackward0")
    }
}
