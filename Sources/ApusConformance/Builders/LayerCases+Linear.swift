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
        "Bilinear": { arguments in
            let layer = Bilinear(
                try arguments.integer("in1_features"), try arguments.integer("in2_features"),
                try arguments.integer("out_features"), bias: try arguments.boolean("bias", default: true))
            return ModuleUnderTest(layer) { inputs in
                guard inputs.count == 2 else {
                    throw CaseProblem.unsupported("Bilinear takes two tensors, not \(inputs.count)")
                }
                return [layer(inputs[0], inputs[1])]
            }
        },
        "Embedding": { arguments in
            ModuleUnderTest(
                Embedding(
                    try arguments.integer("num_embeddings"), try arguments.integer("embedding_dim"),
                    paddingIdx: try arguments.optionalInteger("padding_idx"),
                    maxNorm: try arguments.optionalNumber("max_norm"),
                    normType: try arguments.number("norm_type", default: 2),
                    scaleGradByFreq: try arguments.boolean("scale_grad_by_freq", default: false),
                    sparse: try arguments.boolean("sparse", default: false)))
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
