/// Dimensions of size 1 stretched to other sizes, and new ones in front, by repeating the elements.
///
/// Shape rule: the attribute, to which the input's shape broadcasts.
public struct Expand: Primitive {
    public static let name = "expand"
    public let shape: Shape

    public init(_ shape: Shape) { self.shape = shape }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard Shape.broadcast(inputs[0].shape, shape) == shape else {
            throw TensorError(
                name, "\(inputs[0].shape.brackets) does not stretch to \(shape.brackets): only sizes of 1 can grow.")
        }
        return [TensorSpec(shape, inputs[0].dtype, inputs[0].device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [context.cotangent().sum(to: context.inputSpec(0).shape)]
    }
}

extension Tensor {
    /// Repeats the elements along dimensions of size 1 and new ones in front (`torch.Tensor.expand`): [1, S] → [.., S].
    ///
    /// - Parameters:
    ///   - shape: the new sizes; −1 keeps one.
    public func expand(_ shape: Shape) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard shape.rank >= rank else {
                throw TensorError(
                    "expand", "the shape \(shape.brackets) has fewer dimensions than the tensor \(self.shape.brackets)."
                )
            }
            var sizes = shape.dimensions
            let lead = shape.rank - rank
            for position in lead..<shape.rank where sizes[position] == -1 {
                sizes[position] = self.shape[position - lead]
            }
            guard sizes.allSatisfy({ $0 >= 0 }) else {
                throw TensorError(
                    "expand",
                    "the shape \(shape.brackets) has a negative size. -1 keeps the size of a dimension of the "
                        + "tensor \(self.shape.brackets); a new dimension in front has none to keep.")
            }
            let target = Shape(sizes)
            guard target != self.shape else { return self }
            return .record(Expand(target), self)
        }
    }

    /// Repeats the elements along dimensions of size 1 and new ones in front (`torch.Tensor.expand`): [1, S] → [.., S].
    ///
    /// - Parameters:
    ///   - sizes: the new sizes; −1 keeps one.
    public func expand(_ sizes: Int...) -> Tensor { expand(Shape(sizes)) }
}
