import ApusGraph
import ApusNN

extension FunctionCases {
    /// Padding and resampling.
    static let resampling: [String: FunctionBuilder] = [
        "pad": { call in
            let mode = try call.arguments.padMode("mode")
            let value = try call.arguments.number("value", default: 0)
            return [try call.one().pad(try call.arguments.integers("pad"), mode: mode, value: value)]
        },
        "interpolate": { [try interpolate($0)] },
        "upsample": { [try interpolate($0)] },
        "pixel_shuffle": { [try $0.one().pixelShuffle($0.arguments.integer("upscale_factor"))] },
        "pixel_unshuffle": { [try $0.one().pixelUnshuffle($0.arguments.integer("downscale_factor"))] },
        "channel_shuffle": { [try $0.one().channelShuffle($0.arguments.integer("groups"))] },
    ]

    private static func interpolate(_ call: FunctionCall) throws -> Tensor {
        let arguments = call.arguments
        return ApusNN.interpolate(
            try call.one(), size: try arguments.optionalSize("size"),
            scaleFactor: try arguments.optionalScaleFactor("scale_factor"),
            mode: try arguments.interpolationMode("mode"),
            alignCorners: try arguments.optionalBoolean("align_corners"),
            recomputeScaleFactor: try arguments.boolean("recompute_scale_factor", default: false),
            antialias: try arguments.boolean("antialias", default: false))
    }
}

extension CaseArguments {
    /// What stands beyond a border, by PyTorch's word.
    func padMode(_ name: String) throws -> PadMode {
        let word = try text(name, default: "constant")
        guard let mode = PadMode(rawValue: word) else {
            throw CaseProblem.inexpressible("the mode \(word) is none of \(PadMode.allCases)")
        }
        return mode
    }
}
