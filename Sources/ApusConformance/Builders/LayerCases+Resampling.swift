import ApusGraph
import ApusNN

extension LayerCases {
    /// Padding, resampling and rearrangement of planes.
    static let resampling: [String: ModuleBuilder] = paddings.merging(rearrangements) { first, _ in first }

    private static let paddings: [String: ModuleBuilder] = [
        "ConstantPad1d": { ModuleUnderTest(ConstantPad1d(try $0.padding(), value: try $0.number("value"))) },
        "ConstantPad2d": { ModuleUnderTest(ConstantPad2d(try $0.padding(), value: try $0.number("value"))) },
        "ConstantPad3d": { ModuleUnderTest(ConstantPad3d(try $0.padding(), value: try $0.number("value"))) },
        "ZeroPad1d": { ModuleUnderTest(ZeroPad1d(try $0.padding())) },
        "ZeroPad2d": { ModuleUnderTest(ZeroPad2d(try $0.padding())) },
        "ZeroPad3d": { ModuleUnderTest(ZeroPad3d(try $0.padding())) },
        "ReflectionPad1d": { ModuleUnderTest(ReflectionPad1d(try $0.padding())) },
        "ReflectionPad2d": { ModuleUnderTest(ReflectionPad2d(try $0.padding())) },
        "ReflectionPad3d": { ModuleUnderTest(ReflectionPad3d(try $0.padding())) },
        "ReplicationPad1d": { ModuleUnderTest(ReplicationPad1d(try $0.padding())) },
        "ReplicationPad2d": { ModuleUnderTest(ReplicationPad2d(try $0.padding())) },
        "ReplicationPad3d": { ModuleUnderTest(ReplicationPad3d(try $0.padding())) },
        "CircularPad1d": { ModuleUnderTest(CircularPad1d(try $0.padding())) },
        "CircularPad2d": { ModuleUnderTest(CircularPad2d(try $0.padding())) },
        "CircularPad3d": { ModuleUnderTest(CircularPad3d(try $0.padding())) },
    ]

    private static let rearrangements: [String: ModuleBuilder] = [
        "Upsample": { arguments in
            ModuleUnderTest(
                Upsample(
                    size: try arguments.optionalSize("size"),
                    scaleFactor: try arguments.optionalScaleFactor("scale_factor"),
                    mode: try arguments.interpolationMode("mode"),
                    alignCorners: try arguments.optionalBoolean("align_corners"),
                    recomputeScaleFactor: try arguments.boolean("recompute_scale_factor", default: false)))
        },
        "UpsamplingNearest2d": { arguments in
            ModuleUnderTest(
                UpsamplingNearest2d(
                    size: try arguments.optionalSize("size"),
                    scaleFactor: try arguments.optionalScaleFactor("scale_factor")))
        },
        "UpsamplingBilinear2d": { arguments in
            ModuleUnderTest(
                UpsamplingBilinear2d(
                    size: try arguments.optionalSize("size"),
                    scaleFactor: try arguments.optionalScaleFactor("scale_factor")))
        },
        "PixelShuffle": { ModuleUnderTest(PixelShuffle(try $0.integer("upscale_factor"))) },
        "PixelUnshuffle": { ModuleUnderTest(PixelUnshuffle(try $0.integer("downscale_factor"))) },
        "ChannelShuffle": { ModuleUnderTest(ChannelShuffle(try $0.integer("groups"))) },
    ]
}

extension CaseArguments {
    /// One number for all sides, or a list.
    fileprivate func padding() throws -> SpatialSizes {
        guard let sizes = try optionalSize("padding") else {
            throw CaseProblem.inexpressible("the argument padding is missing")
        }
        return sizes
    }

    /// One number for all spatial dimensions, or a list; nil where the argument is absent or null.
    func optionalSize(_ name: String) throws -> SpatialSizes? {
        if case .integer(let size) = value(name) { return SpatialSizes(size) }
        return try optionalIntegers(name).map { SpatialSizes($0) }
    }

    /// One factor for all spatial dimensions, or a list; nil where the argument is absent or null.
    func optionalScaleFactor(_ name: String) throws -> ScaleFactors? {
        guard let value = value(name), value != .null else { return nil }
        if let factor = value.number { return ScaleFactors(factor) }
        guard let factors = value.numbers else {
            throw CaseProblem.inexpressible("the argument \(name)=\(value) is no number and no list of numbers")
        }
        return ScaleFactors(factors)
    }

    /// A truth value; nil where the argument is absent or null.
    func optionalBoolean(_ name: String) throws -> Bool? {
        guard let value = value(name), value != .null else { return nil }
        return try boolean(name, default: false)
    }

    /// How elements are found, by PyTorch's word.
    func interpolationMode(_ name: String) throws -> InterpolationMode {
        let word = try text(name, default: "nearest")
        guard let mode = InterpolationMode(rawValue: word) else {
            let words = InterpolationMode.allCases.map(\.rawValue).joined(separator: ", ")
            throw CaseProblem.inexpressible("the mode \(word) is none of \(words)")
        }
        return mode
    }
}
