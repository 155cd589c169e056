// The primitive of Documentation/AddingAnOperation.md, whose parts there stand in Sources/ApusGraph/Primitives and
// Sources/ApusReference/Kernels. DocumentationTests compares the two.
import ApusGraph

@testable import ApusReference

/// The largest element so far along a dimension, and where it was.
///
/// Shape rule: twice the input's shape: values, and as `int64` their positions along the dimension. Of equal elements the
/// last counts, and NaN is the largest, as in PyTorch.
public struct CumulativeMaximum: Primitive {
    public static let name = "cummax"
    public let dimension: Int

    public init(_ dimension: Int) { self.dimension = dimension }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard inputs[0].dtype.isFloatingPoint else {
            throw TensorError(
                name, "the input is \(inputs[0].dtype). Expected real numbers: use .cast(to: .float32).")
        }
        return [inputs[0], TensorSpec(inputs[0].shape, .int64, inputs[0].device)]
    }

    /// The gradient needs the positions, the second result, and nothing else.
    public var gradientReads: GradientReads { .outputs(1) }

    /// Each dy belongs to the element that it is a copy of; several may belong to one.
    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let zeros = Tensor.zeros(context.inputSpec(0).shape, dtype: context.inputSpec(0).dtype)
        return [zeros.scatterAdd(dim: dimension, context.output(1), context.cotangent())]
    }
}

extension Tensor {
    /// The largest element so far along `dim`, and as `int64` its position (`torch.cummax`).
    ///
    /// [.., S, ..] → twice the same shape: yᵢ = max(x₀, …, xᵢ). Of equal elements the last counts; NaN is the largest.
    /// Integers are an error.
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    public func cummax(dim: Int) -> (values: Tensor, indices: Tensor) {
        do throws(TensorError) {
            let dimension = try shape.resolve(dimension: dim, operation: CumulativeMaximum.name)
            // A scalar is a row of one element.
            let results = Tensor.record(CumulativeMaximum(dimension), [rank == 0 ? reshape(1) : self])
            let (values, indices) = (results[0], results[results.count - 1])
            return rank == 0 ? (values.reshape([]), indices.reshape([])) : (values, indices)
        } catch {
            return (.refuse(error, like: [self]), .refuse(error, like: [self]))
        }
    }
}

extension CumulativeMaximum: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let x = inputs[0].reals()
        var values = x
        var positions = [Int64](repeating: 0, count: x.count)
        let rows = Rows(inputs[0].sizes, along: dimension)
        for start in rows.starts {
            var best = 0
            for position in 0..<rows.length {
                let (place, largest) = (start + position * rows.step, x[start + best * rows.step])
                if x[place] >= largest || (x[place].isNaN && !largest.isNaN) { best = position }
                values[place] = x[start + best * rows.step]
                positions[place] = Int64(best)
            }
        }
        outputs[0].store(values)
        outputs[1].store(positions)
    }
}
