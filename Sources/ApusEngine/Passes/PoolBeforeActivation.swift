import ApusGraph
import ApusPlan

/// Swaps a rising activation with the max-pooling that follows it, forward and backward.
///
/// The largest of σ(x) is σ of the largest x, so pooling first leaves a quarter of the activations to compute for a
/// 2×2 window. Backward, σ′ is applied to the pooled gradient before it is spread. Where σ maps different x to the same
/// number, the position may be another one of those equal numbers.
///
/// A ReLU without a gradient stays where it is behind a convolution that is not joined with the pooling: it costs nothing as
/// a part of the convolution (``FuseKernels``).
struct PoolBeforeActivation: Pass {
    let name = "pool before activation"
    var backends: [any Backend] = []

    func run(_ graph: inout PlanGraph) {
        let producers = graph.producers()
        let consumers = graph.consumers()
        let kept = Set(graph.outputs)
        for index in graph.steps.indices {
            guard graph.steps[index].primitive is MaxPool, let producer = producers[graph.steps[index].inputs[0]],
                let pointwise = graph.steps[producer].primitive as? Pointwise,
                Activation(pointwise.function) != nil
            else { continue }
            let activated = graph.steps[producer].outputs[0]
            let pooled = graph.steps[index].outputs[0]
            let indices = graph.steps[index].outputs[1]
            let gradients = consumers[activated].filter { $0 != index }
            guard !kept.contains(activated),
                gradients.allSatisfy({
                    isSpreadGradient($0, of: activated, indices, pointwise.function, graph, producers)
                })
            else { continue }
            let raw = graph.steps[producer].inputs[0]
            if pointwise.function == .relu, gradients.isEmpty,
                isPartOfConvolution(raw, index, graph, producers, consumers)
            {
                continue
            }
            let spec = graph.values[pooled].spec
            let pooledRaw = graph.addValue(spec)
            graph.steps[index].inputs = [raw]
            graph.steps[index].outputs[0] = pooledRaw
            // The step that activated everything now activates the pooled values.
            graph.steps[producer].inputs = [pooledRaw]
            graph.steps[producer].outputs = [pooled]
            for gradient in gradients {
                guard let spread = producers[graph.steps[gradient].inputs[1]] else { continue }
                let dy = graph.steps[spread].inputs[0]
                let activatedGradient = graph.addValue(spec)
                let result = graph.steps[gradient].outputs[0]
                // gradient(activated, spread(dy, indices)) becomes spread(gradient(pooled, dy), indices).
                let spreadPrimitive = graph.steps[spread].primitive
                graph.steps[spread].primitive = graph.steps[gradient].primitive
                graph.steps[spread].inputs = [pooled, dy]
                graph.steps[spread].outputs = [activatedGradient]
                graph.steps[gradient].primitive = spreadPrimitive
                graph.steps[gradient].inputs = [activatedGradient, indices]
                graph.steps[gradient].outputs = [result]
            }
        }
        graph.sortSteps()
    }

    /// Whether an activation of a value that a pooling reads then will be a part of the convolution that makes it.
    private func isPartOfConvolution(
        _ raw: PlanGraph.ValueID, _ pooling: Int, _ graph: PlanGraph, _ producers: [Int?], _ consumers: [[Int]]
    ) -> Bool {
        guard let producer = producers[raw], let convolution = graph.steps[producer].primitive as? Convolution,
            graph.values[raw].spec.dtype == .float32, graph.useCounts()[raw] == 1,
            let pool = graph.steps[pooling].primitive as? MaxPool
        else { return false }
        let joined = graph.description(
            of: FusedConvolutionPool(convolution, pool, .relu), inputs: graph.steps[producer].inputs,
            outputs: graph.steps[pooling].outputs, consumers: consumers)
        return backends.first?.canFuse(joined) != true
    }

    /// Whether a step is the activation's gradient applied to what this pooling's gradient spread, and nothing else
    /// reads that.
    private func isSpreadGradient(
        _ step: Int, of activated: PlanGraph.ValueID, _ indices: PlanGraph.ValueID, _ function: PointwiseFunction,
        _ graph: PlanGraph, _ producers: [Int?]
    ) -> Bool {
        guard let activation = Activation(function), let gradient = graph.steps[step].primitive as? Pointwise,
            gradient.function == activation.gradient,
            graph.steps[step].inputs[0] == activated, let spread = producers[graph.steps[step].inputs[1]],
            graph.steps[spread].primitive is MaxPoolGradient, graph.steps[spread].inputs[1] == indices
        else { return false }
        return graph.useCounts()[graph.steps[spread].outputs[0]] == 1
    }
}
