import ApusGraph

/// A bilinear form of two inputs for each output, x₁ᵀ · Wₖ · x₂ + bₖ (`torch.nn.Bilinear`).
///
/// [.., in1] and [.., in2] → [.., out]; the leading sizes must be equal. It is called with both: `layer(x1, x2)`.
///
/// State: `weight` [out, in1, in2] and `bias` [out], both drawn evenly from ±1 / √in1.
open class Bilinear: Module {
    /// The last size of the first input.
    public let in1Features: Int
    /// The last size of the second input.
    public let in2Features: Int
    /// The size of the last dimension of the result.
    public let outFeatures: Int
    /// The weights [out, in1, in2].
    public let weight: Parameter
    /// The bias [out]; nil where there is none.
    public let bias: Parameter?

    /// A layer from two inputs to `outFeatures`.
    ///
    /// - Parameters:
    ///   - in1Features: the last size of the first input, at least 1.
    ///   - in2Features: that of the second, not negative.
    ///   - outFeatures: that of the result, not negative.
    ///   - bias: whether a learnt number is added to each output; `true` by default.
    ///
    /// Other numbers are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ in1Features: Int, _ in2Features: Int, _ outFeatures: Int, bias: Bool = true) {
        (self.in1Features, self.in2Features, self.outFeatures) = (in1Features, in2Features, outFeatures)
        var arguments = LayerArguments(of: "Bilinear")
        arguments.require(in1Features, "in1Features", atLeast: 1)
        arguments.require(in2Features, "in2Features", atLeast: 0)
        arguments.require(outFeatures, "outFeatures", atLeast: 0)
        let bound = 1 / Double(max(in1Features, 1)).squareRoot()
        weight = arguments.parameter { .uniform([outFeatures, in1Features, in2Features], low: -bound, high: bound) }
        self.bias = bias ? arguments.parameter { .uniform([outFeatures], low: -bound, high: bound) } : nil
        super.init()
    }

    /// The form of two inputs: [.., in1] and [.., in2] → [.., out].
    ///
    /// - Parameters:
    ///   - input1: [.., in1].
    ///   - input2: [.., in2], with the same leading sizes.
    ///   - file: the caller's file, for messages; `#fileID` by default.
    ///   - line: the caller's line, for messages; `#line` by default.
    public func callAsFunction(
        _ input1: Tensor, _ input2: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        withModulePath(file: file, line: line) { forward(input1, input2) }
    }

    private func forward(_ input1: Tensor, _ input2: Tensor) -> Tensor {
        .checked(like: [input1]) { () throws(TensorError) in
            let leading = Array(input1.shape.dimensions.dropLast())
            guard input1.shape.dimensions.last == in1Features, input2.shape.dimensions.last == in2Features else {
                throw TensorError(
                    "Bilinear",
                    "the inputs \(input1.shape.brackets) and \(input2.shape.brackets) must end in in1_features: "
                        + "\(in1Features) and in2_features: \(in2Features).")
            }
            guard leading == Array(input2.shape.dimensions.dropLast()) else {
                throw TensorError(
                    "Bilinear",
                    "the inputs \(input1.shape.brackets) and \(input2.shape.brackets) must have equal sizes but for "
                        + "the last.")
            }
            let rows = leading.reduce(1, *)
            let (x1, x2) = (input1.reshape(rows, in1Features), input2.reshape(rows, in2Features))
            // x₁ᵀ · W for all outputs is one product, [N, in1] · [in1, out · in2].
            let form = weight.tensor.transpose(0, 1).reshape(in1Features, outFeatures * in2Features)
            let halves = x1.matmul(form).reshape(rows, outFeatures, in2Features)
            var result = halves.matmul(x2.unsqueeze(dim: 2)).squeeze(dim: 2)
            if let bias { result = result + bias.tensor }
            return result.reshape(Shape(leading + [outFeatures]))
                .withGradientName(bias == nil ? "SumBackward1" : "AddBackward0")
        }
    }

    override open var extraDescription: String {
        "in1_features=\(in1Features), in2_features=\(in2Features), out_features=\(outFeatures), "
            + "bias=\(PythonText.of(bias != nil))"
    }
}
