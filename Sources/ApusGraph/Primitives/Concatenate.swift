/// Tensors one after the other along a dimension.
///
/// Shape rule: all sizes but that of `dimension` are equal; that one is the sum.
public struct Concatenate: Primitive {
    public static let name = "cat"
    public let dimension: Int

    public init(_ dimension: Int) { self.dimension = dimension }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        var sizes = inputs[0].shape.dimensions
        for (number, input) in inputs.enumerated().dropFirst() {
            guard input.shape.rank == sizes.count else {
                throw TensorError(
                    name, "the tensors have different ranks: \(inputs[0].shape.brackets) and \(input.shape.brackets).")
            }
            for (position, size) in input.shape.enumerated() where position != dimension && size != sizes[position] {
                throw TensorError(
                    name,
                    "sizes must be equal except along dimension \(dimension): tensor 0 is "
                        + "\(inputs[0].shape.brackets), tensor \(number) is \(input.shape.brackets).")
            }
            sizes[dimension] += input.shape[dimension]
        }
        return [TensorSpec(Shape(sizes), inputs[0].dtype, inputs[0].device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        var start = 0
        return (0..<context.inputCount).map { index in
            let length = context.inputSpec(index).shape[dimension]
            defer { start += length }
            return context.needs(index) ? dy.narrow(dim: dimension, start: start, length: length) : nil
        }
    }
}

extension Tensor {
    /// Tensors one after the other along a dimension; types are promoted (`torch.cat`): [.., A, ..], [.., B, ..], … →
    /// [.., A + B + …, ..]. All other sizes are equal. A tensor of shape [0] joins tensors of any shape and adds nothing.
    ///
    /// - Parameters:
    ///   - tensors: the tensors.
    ///   - dim: the dimension; negative ones count from the end; `0` by default.
    public static func cat(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        checked(like: tensors) { () throws(TensorError) in
            guard let first = tensors.first(where: { $0.shape != [0] }) ?? tensors.first else {
                throw TensorError("cat", "the list of tensors is empty.")
            }
            guard first.rank > 0 else { throw TensorError("cat", "scalars cannot be joined; use stack.") }
            let dimension = try first.shape.resolve(dimension: dim, operation: "cat")
            var nothing = first.shape.dimensions
            nothing[dimension] = 0
            let joined = promote(tensors).map { $0.shape == [0] ? $0.reshape(Shape(nothing)) : $0 }
            return record(Concatenate(dimension), joined)[0]
        }
    }

    /// Tensors of one shape along a new dimension (`torch.stack`): n times [.., ..] → [.., n, ..].
    ///
    /// - Parameters:
    ///   - tensors: the tensors.
    ///   - dim: the position of the new dimension; negative ones count from the end; `0` by default.
    public static func stack(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        checked(like: tensors) { () throws(TensorError) in
            guard let first = tensors.first else { throw TensorError("stack", "the list of tensors is empty.") }
            for (number, tensor) in tensors.enumerated() where tensor.shape != first.shape {
                throw TensorError(
                    "stack",
                    "all shapes must be equal: tensor 0 is \(first.shape.brackets), tensor \(number) is "
                        + "\(tensor.shape.brackets).")
            }
            let position = dim < 0 ? dim + first.rank + 1 : dim
            guard (0...first.rank).contains(position) else {
                throw .dimensionOutOfRange(operation: "stack", dim, rank: first.rank + 1)
            }
            let raised = promote(tensors).map { $0.unsqueeze(dim: position) }
            return record(Concatenate(position), raised, gradientName: "StackBackward0")[0]
        }
    }
}
