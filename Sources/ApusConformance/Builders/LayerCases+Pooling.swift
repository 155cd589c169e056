import ApusGraph
import ApusNN

extension LayerCases {
    /// Poolings and their inverses.
    static let pooling: [String: ModuleBuilder] = [
        "MaxPool2d": { try maxPool($0) },
        "AvgPool2d": { arguments in
            ModuleUnderTest(
                AvgPool2d(
                    try arguments.spatial("kernel_size", rank: 2),
                    stride: try arguments.optionalSpatial("stride", rank: 2),
                    padding: try arguments.spatial("padding", rank: 2, default: 0),
                    ceilMode: try arguments.boolean("ceil_mode", default: false),
                    countIncludePad: try arguments.boolean("count_include_pad", default: true),
                    divisorOverride: try arguments.optionalInteger("divisor_override")))
        },
    ]

    private static func maxPool(_ arguments: CaseArguments) throws -> ModuleUnderTest {
        let returnsIndices = try arguments.boolean("return_indices", default: false)
        let pool = MaxPool2d(
            try arguments.spatial("kernel_size", rank: 2), stride: try arguments.optionalSpatial("stride", rank: 2),
            padding: try arguments.spatial("padding", rank: 2, default: 0),
            dilation: try arguments.spatial("dilation", rank: 2, default: 1), returnIndices: returnsIndices,
            ceilMode: try arguments.boolean("ceil_mode", default: false))
        guard returnsIndices else { return ModuleUnderTest(pool) }
        return ModuleUnderTest(pool) { inputs in
            guard inputs.count == 1 else { throw CaseProblem.unsupported("MaxPool2d takes one tensor") }
            let (values, indices) = pool.withIndices(inputs[0])
            return [values, indices]
        }
    }
}
