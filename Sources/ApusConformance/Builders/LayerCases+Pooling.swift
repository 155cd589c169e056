import ApusGraph
import ApusNN

extension LayerCases {
    /// Poolings and their inverses.
    static let pooling: [String: ModuleBuilder] = [
        "MaxPool1d": { try maxPool($0, rank: 1, MaxPool1d.init) },
        "MaxPool2d": { try maxPool($0, rank: 2, MaxPool2d.init) },
        "MaxPool3d": { try maxPool($0, rank: 3, MaxPool3d.init) },
        "AvgPool1d": { arguments in
            let window = try Window(arguments, rank: 1)
            return ModuleUnderTest(
                AvgPool1d(
                    window.kernelSize, stride: window.stride, padding: window.padding, ceilMode: window.ceilMode,
                    countIncludePad: try arguments.boolean("count_include_pad", default: true)))
        },
        "AvgPool2d": { try averagePool($0, rank: 2, AvgPool2d.init) },
        "AvgPool3d": { try averagePool($0, rank: 3, AvgPool3d.init) },
        "LPPool1d": { try powerAveragePool($0, rank: 1, LPPool1d.init) },
        "LPPool2d": { try powerAveragePool($0, rank: 2, LPPool2d.init) },
        "LPPool3d": { try powerAveragePool($0, rank: 3, LPPool3d.init) },
        "AdaptiveAvgPool1d": { try adaptiveAveragePool($0, rank: 1, AdaptiveAvgPool1d.init, AdaptiveAvgPool1d.init) },
        "AdaptiveAvgPool2d": { try adaptiveAveragePool($0, rank: 2, AdaptiveAvgPool2d.init, AdaptiveAvgPool2d.init) },
        "AdaptiveAvgPool3d": { try adaptiveAveragePool($0, rank: 3, AdaptiveAvgPool3d.init, AdaptiveAvgPool3d.init) },
        "AdaptiveMaxPool1d": { try adaptiveMaxPool($0, rank: 1, AdaptiveMaxPool1d.init, AdaptiveMaxPool1d.init) },
        "AdaptiveMaxPool2d": { try adaptiveMaxPool($0, rank: 2, AdaptiveMaxPool2d.init, AdaptiveMaxPool2d.init) },
        "AdaptiveMaxPool3d": { try adaptiveMaxPool($0, rank: 3, AdaptiveMaxPool3d.init, AdaptiveMaxPool3d.init) },
        "MaxUnpool1d": { try maxUnpool($0, rank: 1, MaxUnpool1d.init) },
        "MaxUnpool2d": { try maxUnpool($0, rank: 2, MaxUnpool2d.init) },
        "MaxUnpool3d": { try maxUnpool($0, rank: 3, MaxUnpool3d.init) },
    ]

    /// The arguments of all windows; what a layer does not have stays unread.
    private struct Window {
        let kernelSize: [Int]
        let stride: (any SpatialSize)?
        let padding: [Int]
        let ceilMode: Bool

        init(_ arguments: CaseArguments, rank: Int, hasPadding: Bool = true, hasCeilMode: Bool = true) throws {
            kernelSize = try arguments.spatial("kernel_size", rank: rank)
            stride = try arguments.optionalSpatial("stride", rank: rank)
            padding = hasPadding ? try arguments.spatial("padding", rank: rank, default: 0) : []
            ceilMode = hasCeilMode ? try arguments.boolean("ceil_mode", default: false) : false
        }
    }

    private static func maxPool(
        _ arguments: CaseArguments, rank: Int,
        _ make: (any SpatialSize, (any SpatialSize)?, any SpatialSize, any SpatialSize, Bool, Bool) -> MaxPoolNd
    ) throws -> ModuleUnderTest {
        let window = try Window(arguments, rank: rank)
        let dilation = try arguments.spatial("dilation", rank: rank, default: 1)
        let returnsIndices = try arguments.boolean("return_indices", default: false)
        let pool = make(window.kernelSize, window.stride, window.padding, dilation, returnsIndices, window.ceilMode)
        return returnsIndices ? pair(pool, pool.withIndices) : ModuleUnderTest(pool)
    }

    private static func averagePool(
        _ arguments: CaseArguments, rank: Int,
        _ make: (any SpatialSize, (any SpatialSize)?, any SpatialSize, Bool, Bool, Int?) -> AvgPoolNd
    ) throws -> ModuleUnderTest {
        let window = try Window(arguments, rank: rank)
        let countIncludePad = try arguments.boolean("count_include_pad", default: true)
        let divisor = try arguments.optionalInteger("divisor_override")
        return ModuleUnderTest(
            make(window.kernelSize, window.stride, window.padding, window.ceilMode, countIncludePad, divisor))
    }

    private static func powerAveragePool(
        _ arguments: CaseArguments, rank: Int,
        _ make: (Double, any SpatialSize, (any SpatialSize)?, Bool) -> LPPoolNd
    ) throws -> ModuleUnderTest {
        let window = try Window(arguments, rank: rank, hasPadding: false)
        return ModuleUnderTest(
            make(try arguments.number("norm_type"), window.kernelSize, window.stride, window.ceilMode))
    }

    private static func adaptiveAveragePool(
        _ arguments: CaseArguments, rank: Int, _ makeOne: (Int) -> AdaptiveAvgPoolNd,
        _ makeMany: ([Int?]) -> AdaptiveAvgPoolNd
    ) throws -> ModuleUnderTest {
        ModuleUnderTest(try adaptive(arguments, rank: rank, makeOne, makeMany))
    }

    private static func adaptiveMaxPool(
        _ arguments: CaseArguments, rank: Int, _ makeOne: (Int, Bool) -> AdaptiveMaxPoolNd,
        _ makeMany: ([Int?], Bool) -> AdaptiveMaxPoolNd
    ) throws -> ModuleUnderTest {
        let returnsIndices = try arguments.boolean("return_indices", default: false)
        let pool = try adaptive(
            arguments, rank: rank, { makeOne($0, returnsIndices) }, { makeMany($0, returnsIndices) })
        return returnsIndices ? pair(pool, pool.withIndices) : ModuleUnderTest(pool)
    }

    /// An adaptive pooling of `output_size`: one integer, or a list in which null keeps a size.
    private static func adaptive<Layer>(
        _ arguments: CaseArguments, rank: Int, _ makeOne: (Int) -> Layer, _ makeMany: ([Int?]) -> Layer
    ) throws -> Layer {
        switch arguments.value("output_size") {
        case .integer(let size): return makeOne(size)
        case .null: return makeMany([Int?](repeating: nil, count: rank))
        case .list(let values):
            let sizes = try values.map { value -> Int? in
                switch value {
                case .integer(let size): return size
                case .null: return nil
                default: throw CaseProblem.inexpressible("the argument output_size holds \(value)")
                }
            }
            return makeMany(sizes)
        case let other:
            throw CaseProblem.inexpressible("the argument output_size=\(other?.description ?? "nothing")")
        }
    }

    private static func maxUnpool(
        _ arguments: CaseArguments, rank: Int,
        _ make: (any SpatialSize, (any SpatialSize)?, any SpatialSize) -> MaxUnpoolNd
    ) throws -> ModuleUnderTest {
        let window = try Window(arguments, rank: rank, hasCeilMode: false)
        let pool = make(window.kernelSize, window.stride, window.padding)
        let outputSize = try arguments.call?.optionalIntegers("output_size")
        return ModuleUnderTest(pool) { inputs in
            guard inputs.count == 2 else { throw CaseProblem.unsupported("an unpooling takes two tensors") }
            return [pool(inputs[0], indices: inputs[1], outputSize: outputSize)]
        }
    }

    /// A layer that gives values and indices.
    private static func pair(
        _ module: Module, _ call: @escaping (Tensor) -> (values: Tensor, indices: Tensor)
    ) -> ModuleUnderTest {
        ModuleUnderTest(module) { inputs in
            guard inputs.count == 1 else { throw CaseProblem.unsupported("\(module.typeName) takes one tensor") }
            let (values, indices) = call(inputs[0])
            return [values, indices]
        }
    }
}
