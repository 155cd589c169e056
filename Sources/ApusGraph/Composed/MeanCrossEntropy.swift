/// The weighted mean of −log softmax(x) at the classes t: the logarithm of softmax, ``NegativeLogLikelihood``, two sums and
/// their quotient.
///
/// Inputs: x [N, C, …], the classes t [N, …] as `int64` and, where the loss is weighted, w [C]. Results: the mean [], the
/// log-probabilities [N, C, …] and the sum of the weights [].
public struct MeanCrossEntropy: CompositePrimitive {
    public static let name = "cross_entropy"
    public let loss: NegativeLogLikelihood

    public init(_ loss: NegativeLogLikelihood) { self.loss = loss }

    public var gradientName: String { loss.gradientName }

    private static let softmax = Softmax(dimension: 1, isLogarithm: true)

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        _ = try loss.infer(inputs)
        let scalar = TensorSpec([], inputs[0].dtype, inputs[0].device)
        return [scalar, inputs[0], scalar]
    }

    public func expand(
        _ inputs: [Expansion.Operand], into expansion: inout Expansion
    ) throws(TensorError) -> [Expansion.Operand] {
        let logProbabilities = try expansion.append(Self.softmax, inputs[0])
        let picked = try expansion.append(loss, [logProbabilities] + inputs.dropFirst())
        let sum = Reduction(.sum, Array(0..<expansion.specs[picked[0]].shape.rank), keepDim: false)
        let (losses, weights) = (try expansion.append(sum, picked[0]), try expansion.append(sum, picked[1]))
        return [try expansion.append(Pointwise(.div), losses, weights), logProbabilities, weights]
    }

    public var gradientReads: GradientReads { GradientReads(inputs: loss.isWeighted ? [1, 2] : [1], outputs: [1, 2]) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let (logProbabilities, weights) = (context.output(1), context.output(2))
        guard GradientMode.isEnabled || context.hasCotangent(1) else {
            let (dy, classes) = (context.cotangent(), context.input(1))
            let gradient = Tensor.recordGradient(
                MeanCrossEntropyGradient(loss), giving: [context.inputSpec(0)],
                loss.isWeighted
                    ? [dy, logProbabilities, weights, classes, context.input(2)]
                    : [dy, logProbabilities, weights, classes])[0]
            return loss.isWeighted ? [gradient, nil, nil] : [gradient, nil]
        }
        let given = loss.isWeighted ? [context.input(1), context.input(2)] : [context.input(1)]
        // One by one, since these have gradients. A second derivative arrives at the log-probabilities.
        var gradient = context.hasCotangent(1) ? context.cotangent(1) : nil
        if context.hasCotangent(0) {
            let target = context.inputSpec(1).shape
            let mean = (context.cotangent() / weights.detach()).reshape(Shape([Int](repeating: 1, count: target.rank)))
            let picked = Tensor.recordOne(
                NegativeLogLikelihoodGradient(loss, inputShape: context.inputSpec(0).shape),
                [mean.expand(target)] + given)
            gradient = gradient.map { $0 + picked } ?? picked
        }
        let own = gradient.map { Tensor.record(SoftmaxGradient(Self.softmax), logProbabilities, $0) }
        return loss.isWeighted ? [own, nil, nil] : [own, nil]
    }
}

/// The gradient of ``MeanCrossEntropy`` by x: (softmax − one-hot) · w[t] · dy / Σ w.
///
/// Inputs: dy [], the log-probabilities [N, C, …], the sum of the weights [], the classes [N, …] and, where the loss is
/// weighted, w [C]. Shape rule: that of the log-probabilities. It is recorded where gradients need none themselves.
public struct MeanCrossEntropyGradient: CompositePrimitive {
    public static let name = "cross_entropy gradient"
    public let loss: NegativeLogLikelihood

    public init(_ loss: NegativeLogLikelihood) { self.loss = loss }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] { [inputs[1]] }

    public func expand(
        _ inputs: [Expansion.Operand], into expansion: inout Expansion
    ) throws(TensorError) -> [Expansion.Operand] {
        let (x, target) = (expansion.specs[inputs[1]].shape, expansion.specs[inputs[3]].shape)
        let single = Shape([Int](repeating: 1, count: target.rank))
        var mean = try expansion.append(Pointwise(.div), inputs[0], inputs[2])
        mean = try expansion.append(Reshape(single), mean)
        if target != single { mean = try expansion.append(Expand(target), mean) }
        let picked = try expansion.append(
            NegativeLogLikelihoodGradient(loss, inputShape: x), [mean] + inputs.dropFirst(3))[0]
        let softmax = Softmax(dimension: 1, isLogarithm: true)
        return [try expansion.append(SoftmaxGradient(softmax), inputs[1], picked)]
    }
}
