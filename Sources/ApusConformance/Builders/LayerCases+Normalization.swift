import ApusGraph
import ApusNN

extension LayerCases {
    /// Normalizations and dropout.
    static let normalization: [String: ModuleBuilder] = [
        "BatchNorm2d": { ModuleUnderTest(try batchNorm($0)) }
    ]

    private static func batchNorm(_ arguments: CaseArguments) throws -> BatchNorm2d {
        // null means a cumulative average; where the argument is absent, momentum is 0.1.
        let isGiven = arguments.contains("momentum")
        let momentum = try arguments.optionalNumber("momentum")
        return BatchNorm2d(
            try arguments.integer("num_features"), eps: try arguments.number("eps", default: 1e-5),
            momentum: isGiven ? momentum : 0.1, affine: try arguments.boolean("affine", default: true),
            trackRunningStats: try arguments.boolean("track_running_stats", default: true),
            bias: try arguments.boolean("bias", default: true))
    }
}
