import ApusGraph
import ApusNN

/// The residual network for CIFAR-10 that David Page made fast for DAWNBench ("How to train your ResNet", 2018).
///
/// [N, C, 32, 32] → 32×32 → 16×16 → 8×8 → 4×4 → logits [N, classes]: nine convolutions of 3×3 and a linear layer. The
/// largest of the image (Page's pooling of 4×4, here for images of any size from 8×8 on) goes through a linear layer
/// without bias, and is multiplied by 0.125, so that the first logits are small. Weights are drawn as the layers draw
/// them.
///
/// State: `prep`, `layer1.0`, `layer1.2`, `layer2.0`, `layer3.0`, `layer3.2` and `linear`; 6,573,120 numbers learned for
/// three channels and 10 classes.
public final class ResNet9: Module {
    /// 64 channels.
    public let prep: ConvNormAct
    /// 128 channels, to half the size, and a residual pair.
    public let layer1: Sequential
    /// 256 channels, to half the size.
    public let layer2: Sequential
    /// 512 channels, to half the size, and a residual pair.
    public let layer3: Sequential
    /// The largest of the image.
    public let pool: AdaptiveMaxPool2d
    /// The classifier, without bias.
    public let linear: Linear
    /// By what the logits are multiplied.
    public let scale: Double

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes; `10` by default.
    ///   - inChannels: the channels C of the images; `3` by default.
    ///   - width: the channels after the first convolution, which each layer doubles; `64` by default.
    ///   - scale: by what the logits are multiplied; `0.125` by default.
    public init(numClasses: Int = 10, inChannels: Int = 3, width: Int = 64, scale: Double = 0.125) {
        func halving(_ channels: Int) -> [Module] { [ConvNormAct(channels, 2 * channels), MaxPool2d(2)] }
        prep = ConvNormAct(inChannels, width)
        layer1 = Sequential(halving(width) + [ResidualPair(2 * width)])
        layer2 = Sequential(halving(2 * width))
        layer3 = Sequential(halving(4 * width) + [ResidualPair(8 * width)])
        pool = AdaptiveMaxPool2d([1, 1])
        linear = Linear(8 * width, numClasses, bias: false)
        self.scale = scale
        super.init()
    }

    override public func forward(_ image: Tensor) -> Tensor {
        linear(pool(layer3(layer2(layer1(prep(image))))).flatten(from: 1)) * scale
    }
}

extension ResNet9 {
    /// Two convolutions of 3×3 with batch norm and ReLU, whose result is added to the input.
    ///
    /// [N, C, H, W] → the same shape, y = x + res2(res1(x)). State: `res1` and `res2`, each a ``ConvNormAct``.
    public final class ResidualPair: Module {
        /// The first convolution with its batch norm and ReLU.
        public let res1: ConvNormAct
        /// The second.
        public let res2: ConvNormAct

        /// A pair on `channels` channels.
        ///
        /// - Parameters:
        ///   - channels: the channels C of the input and of the result, at least 1.
        public init(_ channels: Int) {
            res1 = ConvNormAct(channels, channels)
            res2 = ConvNormAct(channels, channels)
            super.init()
        }

        override public func forward(_ x: Tensor) -> Tensor { x + res2(res1(x)) }
    }

    static let entries = [
        ModelEntry(
            name: "resnet9",
            summary: "nine convolutions with shortcuts for images of 32×32, fast to train (Page 2018, DAWNBench)",
            inputSize: (3, 32, 32),
            build: { ResNet9(numClasses: $0, inChannels: $1) })
    ]
}
