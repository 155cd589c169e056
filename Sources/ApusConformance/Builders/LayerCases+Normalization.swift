import ApusGraph
import ApusNN

extension LayerCases {
    /// Normalizations and dropout.
    static let normalization: [String: ModuleBuilder] = [
        "BatchNorm1d": { try batchNorm(BatchNorm1d.init, $0) },
        "BatchNorm2d": { try batchNorm(BatchNorm2d.init, $0) },
        "BatchNorm3d": { try batchNorm(BatchNorm3d.init, $0) },
        "InstanceNorm1d": { try instanceNorm(InstanceNorm1d.init, $0) },
        "InstanceNorm2d": { try instanceNorm(InstanceNorm2d.init, $0) },
        "InstanceNorm3d": { try instanceNorm(InstanceNorm3d.init, $0) },
        "LazyBatchNorm1d": { try lazyNorm(LazyBatchNorm1d.init, $0) },
        "LazyBatchNorm2d": { try lazyNorm(LazyBatchNorm2d.init, $0) },
        "LazyBatchNorm3d": { try lazyNorm(LazyBatchNorm3d.init, $0) },
        "LazyInstanceNorm1d": { try lazyNorm(LazyInstanceNorm1d.init, $0) },
        "LazyInstanceNorm2d": { try lazyNorm(LazyInstanceNorm2d.init, $0) },
        "LazyInstanceNorm3d": { try lazyNorm(LazyInstanceNorm3d.init, $0) },
        "LayerNorm": { arguments in
            ModuleUnderTest(
                LayerNorm(
                    try arguments.integers("normalized_shape"), eps: try arguments.number("eps", default: 1e-5),
                    elementwiseAffine: try arguments.boolean("elementwise_affine", default: true),
                    bias: try arguments.boolean("bias", default: true)))
        },
        "RMSNorm": { arguments in
            ModuleUnderTest(
                RMSNorm(
                    try arguments.integers("normalized_shape"), eps: try arguments.optionalNumber("eps"),
                    elementwiseAffine: try arguments.boolean("elementwise_affine", default: true)))
        },
        "GroupNorm": { arguments in
            ModuleUnderTest(
                GroupNorm(
                    try arguments.integer("num_groups"), try arguments.integer("num_channels"),
                    eps: try arguments.number("eps", default: 1e-5),
                    affine: try arguments.boolean("affine", default: true),
                    bias: try arguments.boolean("bias", default: true)))
        },
        "LocalResponseNorm": { arguments in
            ModuleUnderTest(
                LocalResponseNorm(
                    try arguments.integer("size"), alpha: try arguments.number("alpha", default: 1e-4),
                    beta: try arguments.number("beta", default: 0.75), k: try arguments.number("k", default: 1)))
        },
        "Dropout": { try dropout(Dropout.init, $0) },
        "Dropout1d": { try dropout(Dropout1d.init, $0) },
        "Dropout2d": { try dropout(Dropout2d.init, $0) },
        "Dropout3d": { try dropout(Dropout3d.init, $0) },
        "AlphaDropout": { try dropout(AlphaDropout.init, $0) },
        "FeatureAlphaDropout": { try dropout(FeatureAlphaDropout.init, $0) },
    ]

    /// The number of features where it is known, ε, momentum, affine, running statistics and bias.
    private typealias NormMaker = (Int, Double, Double?, Bool, Bool, Bool) -> RunningStatisticsNorm
    private typealias LazyNormMaker = (Double, Double?, Bool, Bool, Bool) -> RunningStatisticsNorm

    private static func batchNorm(_ make: NormMaker, _ arguments: CaseArguments) throws -> ModuleUnderTest {
        try runningNorm(make, arguments, hasState: true)
    }

    private static func instanceNorm(_ make: NormMaker, _ arguments: CaseArguments) throws -> ModuleUnderTest {
        try runningNorm(make, arguments, hasState: false)
    }

    private static func runningNorm(
        _ make: NormMaker, _ arguments: CaseArguments, hasState: Bool
    ) throws -> ModuleUnderTest {
        let features = try arguments.integer("num_features")
        return try lazyNorm({ make(features, $0, $1, $2, $3, $4) }, arguments, hasState: hasState)
    }

    /// The lazy layers have state by default, instance norms too.
    private static func lazyNorm(
        _ make: LazyNormMaker, _ arguments: CaseArguments, hasState: Bool = true
    ) throws -> ModuleUnderTest {
        // null means no momentum; where the argument is absent, momentum is 0.1.
        let isGiven = arguments.contains("momentum")
        let momentum = try arguments.optionalNumber("momentum")
        return ModuleUnderTest(
            make(
                try arguments.number("eps", default: 1e-5), isGiven ? momentum : 0.1,
                try arguments.boolean("affine", default: hasState),
                try arguments.boolean("track_running_stats", default: hasState),
                try arguments.boolean("bias", default: true)))
    }

    private static func dropout(
        _ make: (Double, Bool) -> DropoutBase, _ arguments: CaseArguments
    ) throws -> ModuleUnderTest {
        ModuleUnderTest(
            make(try arguments.number("p", default: 0.5), try arguments.boolean("inplace", default: false)))
    }
}
