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
        "LazyLinear": { arguments in
            ModuleUnderTest(
                LazyLinear(
                    try arguments.integer("out_features"), bias: try arguments.boolean("bias", default: true)))
        },
        "Unflatten": { arguments in
            ModuleUnderTest(
                Unflatten(try arguments.integer("dim"), try arguments.integers("unflattened_size")))
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
