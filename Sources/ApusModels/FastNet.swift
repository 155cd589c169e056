import ApusGraph
import ApusNN

/// Small networks for images of 28×28 and 32×32 that learn in few epochs, with which the recipes reach their results.
///
/// [N, C, H, W] → a first convolution → blocks of convolution, pooling, norm and activation (``PoolBlock``) → the largest
/// of the image → logits [N, classes] / 9, which are small at first. Structure, scale and order are those of the network
/// with which Keller Jordan trains CIFAR-10 in seconds ("94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024,
/// arXiv:2404.00498); widths and blocks were chosen for two processor cores.
///
/// State: `stem`, `blocks.0` …, `linear`.
public final class FastNet: Module {
    /// The first layer.
    public enum Stem: Sendable, Hashable {
        /// ``WhiteningConv2d``, to eight times the channels.
        case whitening
        /// A convolution of 3×3 without padding, batch norm and the activation, to so many channels.
        case convolution(Int)
    }

    /// A block: its kind and its channels.
    public struct Stage: Sendable, Hashable {
        /// What the block does beside convolving.
        public let kind: PoolBlock.Kind
        /// The channels of its result.
        public let channels: Int

        /// A block.
        ///
        /// - Parameters:
        ///   - kind: what it does beside convolving.
        ///   - channels: the channels of its result, at least 1.
        public init(_ kind: PoolBlock.Kind, _ channels: Int) { (self.kind, self.channels) = (kind, channels) }
    }

    /// The first layer, with its activation.
    public let stem: Sequential
    /// The blocks.
    public let blocks: Sequential
    /// The largest of the image.
    public let pool: AdaptiveMaxPool2d
    /// The classifier, without bias.
    public let linear: Linear

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes.
    ///   - inChannels: the channels C of the images.
    ///   - stem: the first layer.
    ///   - stages: the blocks.
    ///   - isJordans: whether activations are GELU, norms have no scale (``BiasNorm2d``) and convolutions begin as
    ///     identities (`torch.nn.init.dirac_` of the first C filters), as Jordan's are; else ReLU, batch norm and
    ///     PyTorch's weights.
    public init(numClasses: Int, inChannels: Int, stem: Stem, stages: [Stage], isJordans: Bool) {
        func activation() -> Module { isJordans ? GELU() : ReLU() }
        var channels: Int
        switch stem {
        case .whitening:
            channels = 8 * inChannels
            self.stem = Sequential(WhiteningConv2d(inChannels), activation())
        case .convolution(let width):
            channels = width
            self.stem = Sequential(
                Conv2d(inChannels, width, kernelSize: 3, bias: false), BatchNorm2d(width), activation())
        }
        var blocks: [Module] = []
        for stage in stages {
            let norm = isJordans ? BiasNorm2d(stage.channels) : BatchNorm2d(stage.channels)
            let block = PoolBlock(channels, stage.channels, stage.kind, norm: norm, activation: activation())
            if isJordans { Self.beginAsIdentity(block.conv) }
            blocks.append(block)
            channels = stage.channels
        }
        self.blocks = Sequential(blocks)
        pool = AdaptiveMaxPool2d([1, 1])
        linear = Linear(channels, numClasses, bias: false)
        super.init()
    }

    override public func forward(_ image: Tensor) -> Tensor {
        linear(pool(blocks(stem(image))).flatten(from: 1)) / 9
    }

    /// Of the filters the first ones, as many as there are input channels, pass one channel on as it is.
    private static func beginAsIdentity(_ convolution: Conv2d) {
        let weight = convolution.weight.data
        let inputs = min(weight.shape[1], weight.shape[0])
        let identity = Initializer.dirac(Shape([inputs] + weight.shape.dimensions.dropFirst()))
        convolution.weight.data = noGrad {
            inputs == weight.shape[0] ? identity : .cat([identity, weight[inputs...]])
        }
    }
}

extension FastNet: DataDependentInitialization {
    /// As many as Jordan takes.
    public var initializationImageCount: Int { 5000 }

    /// Sets the filters of a whitening stem; another stem stays as it is.
    public func initialize(from images: Tensor) throws {
        try (stem.children.first?.module as? WhiteningConv2d)?.whiten(images)
    }
}

extension FastNet {
    static let entries = [
        ModelEntry(
            name: "fastnet-cifar", summary: "seven convolutions behind whitened pixels, fast to train (Jordan 2024)",
            inputSize: (3, 32, 32),
            defaults: TrainingDefaults(optimizer: .sgd, lr: 0.75, momentum: 0.85, batchSize: 512, epochs: 12),
            build: {
                let widths = [64, 64, 192, 192, 256, 256]
                let stages = widths.enumerated().map { Stage($0 % 2 == 0 ? .pooling : .plain, $1) }
                return FastNet(numClasses: $0, inChannels: $1, stem: .whitening, stages: stages, isJordans: true)
            }),
        ModelEntry(
            name: "fastnet-fashion",
            summary: "seven convolutions with shortcuts behind whitened pixels, for Fashion-MNIST",
            inputSize: (1, 28, 28),
            defaults: TrainingDefaults(optimizer: .sgd, lr: 0.1, momentum: 0.9, batchSize: 256, epochs: 10),
            build: {
                let stages = [48, 96, 192].flatMap { [Stage(.pooling, $0), Stage(.residual, $0)] }
                return FastNet(numClasses: $0, inChannels: $1, stem: .whitening, stages: stages, isJordans: false)
            }),
        ModelEntry(
            name: "fastnet-mnist", summary: "seven convolutions with batch norm, for MNIST", inputSize: (1, 28, 28),
            defaults: TrainingDefaults(optimizer: .sgd, lr: 0.2, momentum: 0.9, batchSize: 256, epochs: 12),
            build: {
                let stages = [32, 64, 64].flatMap { [Stage(.pooling, $0), Stage(.plain, $0)] }
                return FastNet(
                    numClasses: $0, inChannels: $1, stem: .convolution(16), stages: stages, isJordans: false)
            }),
    ]
}
