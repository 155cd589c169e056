import ApusGraph
import ApusNN

/// MobileNetV2 (Sandler et al. 2018): blocks that widen the channels, convolve each on its own, and narrow them again,
/// as torchvision's `mobilenet_v2`.
///
/// [N, C, 224, 224] → 112×112 → 56×56 → 28×28 → 14×14 → 7×7 → logits [N, classes]. Images of any size are taken.
/// Convolutions are drawn normal with deviation √(2 / fan out), the linear layer normal with deviation 0.01; its bias is
/// 0.
///
/// State: `features.0` … `features.18` and `classifier.1`; 3,504,872 numbers learned for three channels and 1,000
/// classes.
public final class MobileNetV2: Module {
    /// The convolutions.
    public let features: Sequential
    /// Dropout and the linear layer.
    public let classifier: Sequential

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes; `1000` by default.
    ///   - inChannels: the channels C of the images; `3` by default.
    ///   - widthMultiplier: by what the channels are multiplied, then rounded to a multiple of 8 (torchvision's
    ///     `width_mult`); `1` by default.
    ///   - dropout: the probability of dropout before the linear layer; `0.2` by default.
    public init(numClasses: Int = 1000, inChannels: Int = 3, widthMultiplier: Double = 1, dropout: Double = 0.2) {
        var channels = Self.rounded(32 * widthMultiplier)
        let last = Self.rounded(1280 * max(1, widthMultiplier))
        var modules: [Module] = [
            ConvNormAct(inChannels, channels, stride: 2, activation: ReLU6(inplace: true))
        ]
        for group in Self.groups {
            let width = Self.rounded(Double(group.channels) * widthMultiplier)
            for position in 0..<group.count {
                modules.append(
                    InvertedResidual(
                        channels, width, stride: position == 0 ? group.stride : 1, expandRatio: group.expandRatio))
                channels = width
            }
        }
        modules.append(ConvNormAct(channels, last, kernelSize: 1, activation: ReLU6(inplace: true)))
        features = Sequential(modules)
        classifier = Sequential(Dropout(dropout), Linear(last, numClasses))
        super.init()
        FreshWeights.drawKaimingFanOut(self, linear: .normal)
    }

    override public func forward(_ image: Tensor) -> Tensor {
        classifier(features(image).adaptiveAvgPool2d(1).flatten(from: 1))
    }

    /// Table 2 of the paper: expansion t, channels c, repetitions n, stride s of the first.
    private static let groups: [(expandRatio: Int, channels: Int, count: Int, stride: Int)] = [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ]

    /// The nearest multiple of 8, at least 8 and not below nine tenths of `channels` (torchvision's `_make_divisible`,
    /// as in the paper's own program).
    private static func rounded(_ channels: Double) -> Int {
        let nearest = max(8, Int(channels + 4) / 8 * 8)
        return Double(nearest) < 0.9 * channels ? nearest + 8 : nearest
    }
}

extension MobileNetV2 {
    static let entries = [
        ModelEntry(
            name: "mobilenet_v2",
            summary: "depthwise convolutions between narrow layers (Sandler et al. 2018), torchvision's mobilenet_v2",
            inputSize: (3, 224, 224), defaultNumClasses: 1000, benchmarkBatchSize: 16,
            build: { MobileNetV2(numClasses: $0, inChannels: $1) })
    ]
}
