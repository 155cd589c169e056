import ApusGraph
import ApusNN

/// Residual networks for small images (He et al. 2015, section 4.2), ResNet-20 … ResNet-56.
///
/// [N, C, 32, 32] → 32×32 → 16×16 → 8×8 → logits [N, classes]: a convolution of 3×3, three layers of n
/// ``BasicBlock``s with 16, 32 and 64 channels, the mean over the image and a linear layer: 6n + 2 layers with weights.
/// Images of any size are taken. Shortcuts that change the shape are those of the paper on CIFAR-10, without parameters
/// (option A, ``PaddedShortcut``). Convolutions are drawn normal with deviation √(2 / fan out), as in ``ResNet``.
///
/// State: `conv1`, `bn1`, `layer1.0` … `layer3.N` and `fc`. For three channels and 10 classes ResNet-20 learns 269,722
/// numbers, ResNet-32 464,154, ResNet-44 658,586 and ResNet-56 853,018, as table 6 of the paper has them (0.27, 0.46,
/// 0.66 and 0.85 million).
public final class CIFARResNet: Module {
    /// The first convolution.
    public let conv1: Conv2d
    /// The normalisation behind ``conv1``.
    public let bn1: BatchNorm2d
    /// Behind ``bn1``.
    public let relu: ReLU
    /// Blocks that keep the size.
    public let layer1: Sequential
    /// Blocks of which the first halves the size.
    public let layer2: Sequential
    /// Blocks of which the first halves the size.
    public let layer3: Sequential
    /// The mean over the image.
    public let avgpool: AdaptiveAvgPool2d
    /// The classifier.
    public let fc: Linear

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - depth: the number of layers with weights, 6n + 2 for n blocks a layer; another number is an error (see
    ///     ``/ApusGraph/withTensorErrors(_:)``).
    ///   - numClasses: the number of classes; `10` by default.
    ///   - inChannels: the channels C of the images; `3` by default.
    ///   - width: the channels after the first convolution, which each further layer doubles; `16` by default.
    public init(depth: Int, numClasses: Int = 10, inChannels: Int = 3, width: Int = 16) {
        if depth < 8 || depth % 6 != 2 {
            TensorError.raise(
                TensorError(
                    "CIFARResNet", "depth is \(depth). It must be 6n + 2 for n blocks a layer: 20, 32, 44, 56 …"))
        }
        let count = max((depth - 2) / 6, 1)
        conv1 = Conv2d(inChannels, width, kernelSize: 3, padding: 1, bias: false)
        bn1 = BatchNorm2d(width)
        relu = ReLU(inplace: true)
        layer1 = Self.layer(count, width, width)
        layer2 = Self.layer(count, width, 2 * width)
        layer3 = Self.layer(count, 2 * width, 4 * width)
        avgpool = AdaptiveAvgPool2d([1, 1])
        fc = Linear(4 * width, numClasses)
        super.init()
        FreshWeights.drawKaimingFanOut(self)
    }

    /// Blocks of which the first halves the size where it changes the channels.
    private static func layer(_ count: Int, _ inChannels: Int, _ outChannels: Int) -> Sequential {
        let first =
            inChannels == outChannels
            ? BasicBlock(inChannels, outChannels)
            : BasicBlock(
                inChannels, outChannels, stride: 2, downsample: PaddedShortcut(outChannels, stride: 2))
        return Sequential([first] + (1..<count).map { _ in BasicBlock(outChannels, outChannels) })
    }

    override public func forward(_ image: Tensor) -> Tensor {
        let features = layer3(layer2(layer1(relu(bn1(conv1(image))))))
        return fc(avgpool(features).flatten(from: 1))
    }
}

extension CIFARResNet {
    static let entries = [20, 32, 44, 56].map { depth in
        ModelEntry(
            name: "resnet\(depth)",
            summary: "\(depth) layers with shortcuts for images of 32×32 (He et al. 2015, section 4.2)",
            inputSize: (3, 32, 32),
            build: { CIFARResNet(depth: depth, numClasses: $0, inChannels: $1) })
    }
}
