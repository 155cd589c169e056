import ApusGraph

/// Logarithm of softmax and negative log-likelihood in one pass over the logits of each sample.
///
/// Inputs: logits [N, C, …], classes [N, …] and, where the loss is weighted, w [C]. Results: log-probabilities [N, C, …],
/// losses [N, …] and weights [N, …], as of ``Softmax`` and ``NegativeLogLikelihood``.
public struct SoftmaxCrossEntropy: Primitive {
    public static let name = "softmax+cross_entropy"
    public let loss: NegativeLogLikelihood

    public init(_ loss: NegativeLogLikelihood) { self.loss = loss }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [inputs[0]] + (try loss.infer(inputs))
    }
}

/// The gradient of ``SoftmaxCrossEntropy`` by the logits.
///
/// Inputs: log-probabilities [N, C, …], the gradient by the losses [N, …], classes [N, …] and w [C] where the loss is
/// weighted. Result: (softmax − one-hot) · w[t] · dy, [N, C, …].
public struct SoftmaxCrossEntropyGradient: Primitive {
    public static let name = "softmax+cross_entropy gradient"
    public let loss: NegativeLogLikelihood

    public init(_ loss: NegativeLogLikelihood) { self.loss = loss }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] { [inputs[0]] }
}
