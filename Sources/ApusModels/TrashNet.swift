import ApusGraph
import ApusNN

/// The small residual network of the second tutorial, for CIFAR-10.
///
/// [N, C, 32, 32] → 32×32 → 16×16 → 16×16 → logits [N, classes]: a convolution of 3×3 with batch norm and ReLU, a
/// max-pooling that keeps the size, ``Residual`` blocks, the mean over the image, and a linear layer. It takes images of
/// any size. State: `conv1`, `bn1`, `res1`, `res2`, … and `linarg`; 133,514 numbers learned for three channels, the
/// default blocks and 10 classes.
public final class TrashNet: Sequential {
    /// The arguments of one ``Residual`` block.
    public struct Block: Sendable, Hashable {
        /// The channels of its input.
        public var inputChannels: Int
        /// The channels of its result.
        public var numChannels: Int
        /// Whether its shortcut is a 1×1 convolution.
        public var use1x1Conv: Bool
        /// The step of its first convolution.
        public var strides: Int

        /// The arguments of a block.
        ///
        /// - Parameters:
        ///   - inputChannels: the channels of its input.
        ///   - numChannels: the channels of its result.
        ///   - use1x1Conv: whether its shortcut is a 1×1 convolution; `false` by default.
        ///   - strides: the step of its first convolution; `1` by default.
        public init(_ inputChannels: Int, _ numChannels: Int, use1x1Conv: Bool = false, strides: Int = 1) {
            (self.inputChannels, self.numChannels) = (inputChannels, numChannels)
            (self.use1x1Conv, self.strides) = (use1x1Conv, strides)
        }
    }

    /// The blocks of the tutorial: the first doubles the channels and halves the size, the second keeps both.
    public static let tutorialBlocks = [Block(32, 64, use1x1Conv: true, strides: 2), Block(64, 64)]

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes; `10` by default.
    ///   - inChannels: the channels C of the images; `3` by default.
    ///   - blocks: the residual blocks, each taking the channels that the one before gives; the first convolution gives
    ///     those that the first one takes; none is an error (see ``/ApusGraph/withTensorErrors(_:)``);
    ///     `TrashNet.tutorialBlocks` by default.
    public init(numClasses: Int = 10, inChannels: Int = 3, blocks: [Block] = TrashNet.tutorialBlocks) {
        if blocks.isEmpty {
            TensorError.raise(TensorError("TrashNet", "blocks is empty. Give one or more, such as Block(32, 32)."))
        }
        let (width, features) = (blocks.first?.inputChannels ?? 1, blocks.last?.numChannels ?? 1)
        var modules: [(String, Module)] = [
            ("conv1", Conv2d(inChannels, width, kernelSize: 3, stride: 1, padding: 1)), ("bn1", BatchNorm2d(width)),
            ("relu", ReLU()), ("mp", MaxPool2d(3, stride: 1, padding: 1)),
        ]
        for (index, block) in blocks.enumerated() {
            let residual = Residual(
                block.inputChannels, block.numChannels, use1x1Conv: block.use1x1Conv, strides: block.strides)
            modules.append(("res\(index + 1)", residual))
        }
        modules += [
            ("ap", AdaptiveAvgPool2d(1)), ("flatten", Flatten()), ("linarg", Linear(features, numClasses)),
        ]
        super.init(named: modules)
    }
}

extension TrashNet {
    static let entries = [
        ModelEntry(
            name: "trashnet",
            summary: "two residual blocks for CIFAR-10, as in the second tutorial",
            inputSize: (3, 32, 32),
            defaults: TrainingDefaults(optimizer: .sgd, lr: 0.9, batchSize: 100, epochs: 10),
            build: { TrashNet(numClasses: $0, inChannels: $1) })
    ]
}
