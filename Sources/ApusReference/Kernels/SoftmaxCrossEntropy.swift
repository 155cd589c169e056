import ApusGraph
import ApusPlan

extension SoftmaxCrossEntropy: ReferenceKernel {
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        try Softmax(dimension: 1, isLogarithm: true).evaluate([inputs[0]], [outputs[0]])
        try loss.evaluate([outputs[0].view] + inputs.dropFirst(), Array(outputs.dropFirst()))
    }
}

extension SoftmaxCrossEntropyGradient: ReferenceKernel {
    /// The gradient by the log-probabilities is written first, and then turned into that by the logits in place.
    public func evaluate(_ inputs: [ArrayView], _ outputs: [MutableArrayView]) throws {
        let gradient = NegativeLogLikelihoodGradient(loss, inputShape: inputs[0].shape)
        try gradient.evaluate(Array(inputs.dropFirst()), outputs)
        let softmax = SoftmaxGradient(Softmax(dimension: 1, isLogarithm: true))
        try softmax.evaluate([inputs[0], outputs[0].view], outputs)
    }
}
