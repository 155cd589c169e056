import ApusModels

/// The networks of the format's definition by their names there; a new one is one entry.
enum ModelCases: ModuleCases {
    static let kind = "model"

    static let builders: [String: ModuleBuilder] = [
        "LeNetA": { _ in ModuleUnderTest(LeNet()) },
        "LeNetB": { _ in ModuleUnderTest(LeNet5()) },
        "CNN4": { arguments in
            ModuleUnderTest(
                CNN4(
                    numClasses: try arguments.integer("num_classes", default: 10),
                    inChannels: try arguments.integer("in_channels", default: 1),
                    widths: try arguments.optionalIntegers("widths") ?? [16, 32, 64, 128]))
        },
        "TrashNet": { arguments in
            ModuleUnderTest(
                TrashNet(
                    numClasses: try arguments.integer("num_classes", default: 10),
                    inChannels: try arguments.integer("in_channels", default: 3),
                    blocks: try residualBlocks(arguments.value("blocks")) ?? TrashNet.tutorialBlocks))
        },
        "ResNet18": { arguments in
            ModuleUnderTest(
                ResNet(
                    .resNet18, numClasses: try arguments.integer("num_classes", default: 1000),
                    width: try arguments.integer("width", default: 64)))
        },
        "AlexNet": { arguments in
            ModuleUnderTest(
                AlexNet(
                    numClasses: try arguments.integer("num_classes", default: 1000),
                    widths: try arguments.optionalIntegers("widths") ?? [64, 192, 384, 256, 256],
                    hidden: try arguments.integer("hidden", default: 4096),
                    pool: try arguments.integer("pool", default: 6),
                    dropout: try arguments.number("dropout", default: 0.5)))
        },
        "VGG": { arguments in
            ModuleUnderTest(
                VGG(
                    try vggLayers(arguments.value("cfg")),
                    numClasses: try arguments.integer("num_classes", default: 1000),
                    hidden: try arguments.integer("hidden", default: 4096),
                    pool: try arguments.integer("pool", default: 7),
                    batchNorm: try arguments.boolean("batch_norm", default: false),
                    dropout: try arguments.number("dropout", default: 0.5)))
        },
        "NiN": { arguments in
            ModuleUnderTest(
                NiN(
                    numClasses: try arguments.integer("num_classes", default: 10),
                    inChannels: try arguments.integer("in_channels", default: 1),
                    widths: try arguments.optionalIntegers("widths") ?? [96, 256, 384],
                    dropout: try arguments.number("dropout", default: 0.5)))
        },
        "GoogLeNet": { arguments in
            ModuleUnderTest(
                GoogLeNet(
                    numClasses: try arguments.integer("num_classes", default: 1000),
                    divide: try arguments.integer("divide", default: 1), auxLogits: false,
                    dropout: try arguments.number("dropout", default: 0.2)))
        },
    ]

    /// TrashNet's blocks, a list of [in, out, projection, stride]; nil where they are absent.
    private static func residualBlocks(_ value: ArgumentValue?) throws -> [TrashNet.Block]? {
        guard let value, value != .null else { return nil }
        guard case .list(let blocks) = value else { throw malformed("blocks", value) }
        return try blocks.map { block in
            guard case .list(let items) = block, items.count == 4, case .integer(let inChannels) = items[0],
                case .integer(let outChannels) = items[1], case .boolean(let isProjected) = items[2],
                case .integer(let stride) = items[3]
            else { throw malformed("blocks", block) }
            return TrashNet.Block(inChannels, outChannels, use1x1Conv: isProjected, strides: stride)
        }
    }

    /// VGG's layers, a list of widths and "M" for a pooling.
    private static func vggLayers(_ value: ArgumentValue?) throws -> [VGG.Layer] {
        guard case .list(let layers) = value else { throw malformed("cfg", value ?? .null) }
        return try layers.map { layer in
            switch layer {
            case .integer(let width): .convolution(width)
            case .text("M"): .pool
            default: throw malformed("cfg", layer)
            }
        }
    }

    private static func malformed(_ name: String, _ value: ArgumentValue) -> CaseProblem {
        .inexpressible("the argument \(name) holds \(value), which no network here takes")
    }
}
