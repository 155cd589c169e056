/// An elementwise function of one, two or three tensors; the shapes broadcast.
///
/// One primitive serves all such functions, so that the engine can fuse any chain of them into one loop.
/// Shape rule: the broadcast of all inputs. The inputs have one type (see `Tensor.promote`); the result has
/// it too, except for comparisons and logic, which give `bool`, and for ``PointwiseFunction/cast``.
public struct Pointwise: Primitive {
    public static let name = "Pointwise"

    public let function: PointwiseFunction
    /// The type of the result where it is not that of the inputs.
    public let resultType: DType?

    public init(_ function: PointwiseFunction, resultType: DType? = nil) {
        self.function = function
        self.resultType = function.isPredicate ? .bool : resultType
    }

    public var name: String { function == .select ? "where" : function.rawValue }
    public var gradientName: String { function.gradientName }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        precondition(inputs.count == function.arity, "\(name) takes \(function.arity) inputs")
        var shape = inputs[0].shape
        for index in 1..<inputs.count where inputs[index].shape != shape {
            guard let common = Shape.broadcast(shape, inputs[index].shape) else {
                throw TensorError(
                    name,
                    "the shapes \(inputs.map(\.shape.brackets).joined(separator: " and ")) do not broadcast: aligned at "
                        + "the end, sizes must be equal or 1. Reshape or unsqueeze one of them.")
            }
            shape = common
        }
        let dtype = inputs[inputs.count - 1].dtype
        if dtype == .bool, !function.takesTruthValues {
            throw TensorError(name, "this is not defined for bool. Cast to .int64 or .float32, or use logic functions.")
        }
        let spec = TensorSpec(shape, resultType ?? dtype, inputs[0].device)
        // A list that is there already costs nothing.
        return inputs.count == 1 && spec.dtype == dtype ? inputs : [spec]
    }

    public var gradientReads: GradientReads { function.gradientReads }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        var gradients = function.gradient(context)
        for index in gradients.indices {
            guard let gradient = gradients[index], gradient.shape != context.inputSpec(index).shape else { continue }
            gradients[index] = gradient.sum(to: context.inputSpec(index).shape)
        }
        return gradients
    }
}
