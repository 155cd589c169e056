import ApusGraph
import ApusNN

extension LayerCases {
    /// Elementwise functions, and those along a dimension.
    static let activations: [String: ModuleBuilder] = [
        "ReLU": { ModuleUnderTest(ReLU(inplace: try $0.boolean("inplace", default: false))) },
        "Sigmoid": { _ in ModuleUnderTest(Sigmoid()) },
        "Tanh": { _ in ModuleUnderTest(Tanh()) },
    ]
}
