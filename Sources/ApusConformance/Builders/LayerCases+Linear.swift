import ApusGraph
import ApusNN

extension LayerCases {
    /// Linear maps, tables and changes of shape.
    static let linear: [String: ModuleBuilder] = [
        "Linear": { arguments in
            ModuleUnderTest(
                Linear(
                    try arguments.integer("in_features"), try arguments.integer("out_features"),
                    bias: try arguments.boolean("bias", default: true)))
        },
        "Flatten": { arguments in
            ModuleUnderTest(
                Flatten(
                    startDim: try arguments.integer("start_dim", default: 1),
                    endDim: try arguments.integer("end_dim", default: -1)))
        },
        "Identity": { _ in ModuleUnderTest(Identity()) },
    ]
}
