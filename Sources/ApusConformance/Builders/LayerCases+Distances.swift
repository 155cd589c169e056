import ApusGraph
import ApusNN

extension LayerCases {
    /// Layers that compare two tensors.
    static let distances: [String: ModuleBuilder] = [
        "CosineSimilarity": { arguments in
            let layer = CosineSimilarity(
                dim: try arguments.integer("dim", default: 1), eps: try arguments.number("eps", default: 1e-8))
            return pair(layer) { layer($0, $1) }
        },
        "PairwiseDistance": { arguments in
            let layer = PairwiseDistance(
                p: try arguments.number("p", default: 2), eps: try arguments.number("eps", default: 1e-6),
                keepdim: try arguments.boolean("keepdim", default: false))
            return pair(layer) { layer($0, $1) }
        },
    ]

    private static func pair(_ layer: Module, _ call: @escaping (Tensor, Tensor) -> Tensor) -> ModuleUnderTest {
        ModuleUnderTest(layer) { inputs in
            guard inputs.count == 2 else {
                throw CaseProblem.unsupported("\(layer.typeName) takes two tensors, not \(inputs.count)")
            }
            return [call(inputs[0], inputs[1])]
        }
    }
}
