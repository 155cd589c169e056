import ApusGraph
import ApusPlan

/// Moves to the front what is computed from parameters alone for the use of a kernel: weights in the layout that a kernel
/// wants, or scaled by a batch norm. A plan that runs again with the same parameters leaves these steps out.
///
/// Only what convolutions read as their weights and biases counts, and only from tensors that the plan does not write
/// over: a fixed batch of images is converted each time, as other batches would be. Single numbers, such as a batch norm's
/// ε, are made anew in each call and compared by their value.
struct HoistConstants: Pass {
    let name = "hoist constants"

    func run(_ graph: inout PlanGraph) {
        let isConstant = constantSteps(graph)
        guard isConstant.contains(true) else { return }
        let indices = graph.steps.indices
        graph.constantSteps = isConstant.filter { $0 }.count
        for index in indices where isConstant[index] {
            for input in graph.steps[index].inputs { graph.donatedInputs.remove(input) }
        }
        graph.steps = (indices.filter { isConstant[$0] } + indices.filter { !isConstant[$0] }).map { graph.steps[$0] }
    }

    private func constantSteps(_ graph: PlanGraph) -> [Bool] {
        let producers = graph.producers()
        let consumers = graph.consumers()
        var isConstant = [Bool](repeating: true, count: graph.steps.count)
        var changed = true
        // A step that is none makes none of those that read it and of those that only it reads.
        while changed {
            changed = false
            for (index, step) in graph.steps.enumerated() where isConstant[index] {
                let readsConstants = step.inputs.allSatisfy { input in
                    producers[input].map { isConstant[$0] }
                        ?? (!graph.donatedInputs.contains(input) || graph.values[input].spec.shape.elementCount == 1)
                }
                let servesKernels = step.outputs.allSatisfy { output in
                    !graph.outputs.contains(output)
                        && consumers[output].allSatisfy { isConstant[$0] || reads(graph.steps[$0], as: output) }
                }
                if !readsConstants || !servesKernels {
                    isConstant[index] = false
                    changed = true
                }
            }
        }
        return isConstant
    }

    /// Whether a step reads a value as weights or a bias and not otherwise.
    private func reads(_ step: PlanGraph.Step, as parameter: PlanGraph.ValueID) -> Bool {
        guard step.primitive is any ConvolvesWithParameters, step.inputs.first != parameter else { return false }
        // What is added to a convolution is an image as well.
        return (step.primitive as? FusedConvolution)?.addsInput != true || step.inputs.last != parameter
    }
}

/// A convolution, whose inputs behind the first are weights, a bias, and maybe what is added to the result.
private protocol ConvolvesWithParameters: Primitive {}
extension Convolution: ConvolvesWithParameters {}
extension FusedConvolution: ConvolvesWithParameters {}
extension FusedConvolutionPool: ConvolvesWithParameters {}
extension ConvolutionInputGradient: ConvolvesWithParameters {}
