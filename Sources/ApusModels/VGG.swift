import ApusGraph
import ApusNN

/// Blocks of 3×3 convolutions, each halving the size, and three fully connected layers (Simonyan & Zisserman 2014), as
/// torchvision's `vgg11` … `vgg19_bn`.
///
/// [N, C, 224, 224] → 112×112 → 56×56 → 28×28 → 14×14 → 7×7 → logits [N, classes]. Images of 32×32 and more are taken:
/// the last features are averaged to `pool` × `pool`. Convolutions are drawn normal with deviation √(2 / fan out),
/// linear layers normal with deviation 0.01, biases are 0.
///
/// State: `features.N` of the ``VGGBlock``s in a row, and `classifier.0`, `classifier.3`, `classifier.6`. For three
/// channels and 1,000 classes 132,863,336 numbers are learned by VGG-11, 133,047,848 by VGG-13, 138,357,544 by VGG-16
/// and 143,667,240 by VGG-19; with batch norm 132,868,840, 133,053,736, 138,365,992 and 143,678,248.
public final class VGG: Module {
    /// The blocks' layers in a row.
    public let features: Sequential
    /// The mean over `pool` × `pool` parts of the image.
    public let avgpool: AdaptiveAvgPool2d
    /// The three fully connected layers.
    public let classifier: Sequential

    /// A network of one of the paper's depths with fresh weights.
    ///
    /// - Parameters:
    ///   - depth: the number of layers with weights.
    ///   - numClasses: the number of classes; `1000` by default.
    ///   - inChannels: the channels C of the images; `3` by default.
    ///   - batchNorm: whether batch norm follows each convolution; `false` by default.
    ///   - dropout: the probability of dropout behind the first two fully connected layers; `0.5` by default.
    public convenience init(
        _ depth: Depth, numClasses: Int = 1000, inChannels: Int = 3, batchNorm: Bool = false, dropout: Double = 0.5
    ) {
        self.init(
            depth.layers, numClasses: numClasses, inChannels: inChannels, batchNorm: batchNorm, dropout: dropout)
    }

    /// A network of any convolutions and poolings with fresh weights.
    ///
    /// - Parameters:
    ///   - layers: the convolutions, by the channels of their results, and the poolings, in order.
    ///   - numClasses: the number of classes; `1000` by default.
    ///   - inChannels: the channels C of the images; `3` by default.
    ///   - hidden: the features between the fully connected layers; `4096` by default.
    ///   - pool: the size to which the last features are averaged; `7` by default.
    ///   - batchNorm: whether batch norm follows each convolution; `false` by default.
    ///   - dropout: the probability of dropout behind the first two fully connected layers; `0.5` by default.
    public init(
        _ layers: [Layer], numClasses: Int = 1000, inChannels: Int = 3, hidden: Int = 4096, pool: Int = 7,
        batchNorm: Bool = false, dropout: Double = 0.5
    ) {
        var modules: [Module] = []
        var channels = inChannels
        // A block ends with its pooling; the last one may have none.
        var remaining = layers[...]
        while !remaining.isEmpty {
            let block = remaining.prefix { $0 != .pool }
            let widths = block.compactMap(\.width)
            remaining = remaining[block.endIndex...].dropFirst()
            let isPooled = block.endIndex < layers.endIndex
            modules += VGGBlock(channels, widths: widths, batchNorm: batchNorm, pool: isPooled)
            channels = widths.last ?? channels
        }
        features = Sequential(modules)
        avgpool = AdaptiveAvgPool2d([pool, pool])
        classifier = Sequential(
            Linear(channels * pool * pool, hidden), ReLU(inplace: true), Dropout(dropout),
            Linear(hidden, hidden), ReLU(inplace: true), Dropout(dropout),
            Linear(hidden, numClasses))
        super.init()
        FreshWeights.drawKaimingFanOut(self, linear: .normal)
    }

    override public func forward(_ image: Tensor) -> Tensor {
        classifier(avgpool(features(image)).flatten(from: 1))
    }
}

extension VGG {
    /// A layer of the features: a 3×3 convolution with its activation, or a pooling.
    public enum Layer: Sendable, Hashable, ExpressibleByIntegerLiteral {
        /// A convolution whose result has so many channels, with ReLU; a number stands for it.
        case convolution(Int)
        /// A max-pooling that halves the size.
        case pool

        /// A convolution with `value` channels.
        ///
        /// - Parameters:
        ///   - value: the channels of its result.
        public init(integerLiteral value: Int) { self = .convolution(value) }

        /// The channels of a convolution; nil for a pooling.
        var width: Int? { if case .convolution(let width) = self { width } else { nil } }
    }

    /// The depths of table 1 of the paper: layers with weights.
    public enum Depth: Int, Sendable, Hashable, CaseIterable {
        /// Configuration A.
        case vgg11 = 11
        /// Configuration B.
        case vgg13 = 13
        /// Configuration D.
        case vgg16 = 16
        /// Configuration E.
        case vgg19 = 19

        /// The convolutions and poolings.
        public var layers: [Layer] {
            switch self {
            case .vgg11: [64, .pool, 128, .pool, 256, 256, .pool, 512, 512, .pool, 512, 512, .pool]
            case .vgg13: [64, 64, .pool, 128, 128, .pool, 256, 256, .pool, 512, 512, .pool, 512, 512, .pool]
            case .vgg16:
                [
                    64, 64, .pool, 128, 128, .pool, 256, 256, 256, .pool, 512, 512, 512, .pool, 512, 512, 512, .pool,
                ]
            case .vgg19:
                [
                    64, 64, .pool, 128, 128, .pool, 256, 256, 256, 256, .pool, 512, 512, 512, 512, .pool, 512, 512,
                    512, 512, .pool,
                ]
            }
        }
    }

    static let entries = Depth.allCases.flatMap { depth in
        [false, true].map { batchNorm in
            ModelEntry(
                name: "vgg\(depth.rawValue)\(batchNorm ? "_bn" : "")",
                summary: "\(depth.rawValue) layers of 3×3 convolutions\(batchNorm ? " with batch norm" : "") "
                    + "(Simonyan & Zisserman 2014), torchvision's vgg\(depth.rawValue)\(batchNorm ? "_bn" : "")",
                inputSize: (3, 224, 224), defaultNumClasses: 1000, benchmarkBatchSize: 8,
                build: { VGG(depth, numClasses: $0, inChannels: $1, batchNorm: batchNorm) })
        }
    }
}
