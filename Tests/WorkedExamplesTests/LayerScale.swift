// The layer of Documentation/AddingALayer.md, which there stands in Sources/ApusNN/Layers. DocumentationTests compares
// the two.
import ApusGraph

@testable import ApusNN

/// Scales each channel by a learnt number (Touvron et al. 2021). PyTorch has no such layer.
///
/// [N, C, …] → the same shape, y[n, c, …] = weight[c] · x[n, c, …]. Another number of channels is an error when the layer
/// is called.
///
/// State: `weight` [C], each `initialValue` at first.
open class LayerScale: Module {
    /// The number C of channels.
    public let numChannels: Int
    /// What each factor is at first.
    public let initialValue: Double
    /// The factors [C].
    public let weight: Parameter

    /// A scaling of `numChannels` channels.
    ///
    /// - Parameters:
    ///   - numChannels: the channels C of the input, at least 1.
    ///   - initialValue: each factor at first; `1e-5` by default.
    ///
    /// Fewer channels than 1 are an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ numChannels: Int, initialValue: Double = 1e-5) {
        (self.numChannels, self.initialValue) = (numChannels, initialValue)
        var arguments = LayerArguments(of: "LayerScale")
        arguments.require(numChannels, "numChannels", atLeast: 1)
        weight = arguments.parameter { .full([numChannels], initialValue, dtype: .float32) }
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        guard input.rank >= 2, input.shape[1] == numChannels else {
            return .refuse(
                TensorError(
                    "LayerScale",
                    "the input \(input.shape.brackets) has not the layer's \(numChannels) channels. Expected "
                        + "[N, \(numChannels), …]: change numChannels, or the layer before."),
                like: [input])
        }
        // [C, 1, …] broadcasts over the samples and the positions.
        let ones = [Int](repeating: 1, count: input.rank - 2)
        return input * weight.tensor.reshape(Shape([numChannels] + ones))
    }

    override open var extraDescription: String {
        "\(numChannels), initial_value=\(PythonText.of(initialValue))"
    }
}
