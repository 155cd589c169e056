import ApusGraph
import ApusNN

/// Residual networks for large images (He et al. 2015), as torchvision's `resnet18` … `resnet152`.
///
/// [N, C, 224, 224] → 112×112 → 56×56 → 28×28 → 14×14 → 7×7 → logits [N, classes]. Images of any size are taken; in
/// training mode a batch must leave more than one value a channel at the end. Shortcuts that change the shape are 1×1
/// convolutions with batch norm (option B). Convolutions are drawn normal with deviation √(2 / fan out).
///
/// State: `conv1`, `bn1`, `layer1.0` … `layer4.N` of ``BasicBlock``s or ``Bottleneck``s, where `downsample.0` and
/// `downsample.1` are a shortcut's convolution and batch norm, and `fc`. For three channels and 1,000 classes ResNet-18
/// learns 11,689,512 numbers, ResNet-34 21,797,672, ResNet-50 25,557,032, ResNet-101 44,549,160 and ResNet-152
/// 60,192,808.
public final class ResNet: Module {
    /// 7×7, to half the size.
    public let conv1: Conv2d
    /// The normalisation behind ``conv1``.
    public let bn1: BatchNorm2d
    /// Behind ``bn1``.
    public let relu: ReLU
    /// To half the size.
    public let maxpool: MaxPool2d
    /// Blocks that keep the size.
    public let layer1: Sequential
    /// Blocks of which the first halves the size, as in the next two.
    public let layer2: Sequential
    /// See ``layer2``.
    public let layer3: Sequential
    /// See ``layer2``.
    public let layer4: Sequential
    /// The mean over the image.
    public let avgpool: AdaptiveAvgPool2d
    /// The classifier.
    public let fc: Linear

    /// A network of one of the paper's depths with fresh weights.
    ///
    /// - Parameters:
    ///   - depth: the number of layers with weights.
    ///   - numClasses: the number of classes; `1000` by default.
    ///   - inChannels: the channels C of the images; `3` by default.
    ///   - width: the channels after the first convolution, which each further layer doubles; `64` by default.
    public convenience init(_ depth: Depth, numClasses: Int = 1000, inChannels: Int = 3, width: Int = 64) {
        self.init(
            depth.block, counts: depth.counts, numClasses: numClasses, inChannels: inChannels, width: width)
    }

    /// A network of any number of blocks with fresh weights.
    ///
    /// - Parameters:
    ///   - block: what the layers are made of.
    ///   - counts: the blocks of each of the four layers; another count of numbers is an error (see
    ///     ``/ApusGraph/withTensorErrors(_:)``).
    ///   - numClasses: the number of classes; `1000` by default.
    ///   - inChannels: the channels C of the images; `3` by default.
    ///   - width: the channels after the first convolution, which each further layer doubles; `64` by default.
    public init(_ block: Block, counts: [Int], numClasses: Int = 1000, inChannels: Int = 3, width: Int = 64) {
        let counts = ModelArguments.counted(counts, as: [2, 2, 2, 2], name: "counts", of: "ResNet")
        conv1 = Conv2d(inChannels, width, kernelSize: 7, stride: 2, padding: 3, bias: false)
        bn1 = BatchNorm2d(width)
        relu = ReLU(inplace: true)
        maxpool = MaxPool2d(3, stride: 2, padding: 1)
        var channels = width
        func layer(_ index: Int) -> Sequential {
            let layerWidth = width << index
            return Sequential(
                (0..<counts[index]).map { position in
                    let stride = index > 0 && position == 0 ? 2 : 1
                    defer { channels = layerWidth * block.expansion }
                    return block.make(channels, layerWidth, stride: stride)
                })
        }
        layer1 = layer(0)
        layer2 = layer(1)
        layer3 = layer(2)
        layer4 = layer(3)
        avgpool = AdaptiveAvgPool2d([1, 1])
        fc = Linear(channels, numClasses)
        super.init()
        FreshWeights.drawKaimingFanOut(self)
    }

    override public func forward(_ image: Tensor) -> Tensor {
        let features = layer4(layer3(layer2(layer1(maxpool(relu(bn1(conv1(image))))))))
        return fc(avgpool(features).flatten(from: 1))
    }
}

extension ResNet {
    /// What the layers are made of.
    public enum Block: Sendable, Hashable {
        /// ``BasicBlock``: two convolutions of 3×3.
        case basic
        /// ``Bottleneck``: 1×1, 3×3 and 1×1, with four times the channels at the end.
        case bottleneck

        /// How many times more channels a block's result has than its 3×3 convolution.
        var expansion: Int {
            switch self {
            case .basic: 1
            case .bottleneck: Bottleneck.expansion
            }
        }

        /// A block with a 1×1 convolution as its shortcut where the shape changes.
        func make(_ inChannels: Int, _ width: Int, stride: Int) -> Module {
            let outChannels = width * expansion
            let downsample =
                stride == 1 && inChannels == outChannels
                ? nil
                : Sequential(
                    Conv2d(inChannels, outChannels, kernelSize: 1, stride: stride, bias: false),
                    BatchNorm2d(outChannels))
            switch self {
            case .basic: return BasicBlock(inChannels, width, stride: stride, downsample: downsample)
            case .bottleneck: return Bottleneck(inChannels, width, stride: stride, downsample: downsample)
            }
        }
    }

    /// The depths of table 1 of the paper: layers with weights.
    public enum Depth: Int, Sendable, Hashable, CaseIterable {
        /// 2, 2, 2 and 2 basic blocks.
        case resNet18 = 18
        /// 3, 4, 6 and 3 basic blocks.
        case resNet34 = 34
        /// 3, 4, 6 and 3 bottlenecks.
        case resNet50 = 50
        /// 3, 4, 23 and 3 bottlenecks.
        case resNet101 = 101
        /// 3, 8, 36 and 3 bottlenecks.
        case resNet152 = 152

        /// What the layers are made of.
        public var block: Block { rawValue < 50 ? .basic : .bottleneck }

        /// The blocks of each layer.
        public var counts: [Int] {
            switch self {
            case .resNet18: [2, 2, 2, 2]
            case .resNet34, .resNet50: [3, 4, 6, 3]
            case .resNet101: [3, 4, 23, 3]
            case .resNet152: [3, 8, 36, 3]
            }
        }
    }

    static let entries = Depth.allCases.map { depth in
        ModelEntry(
            name: "resnet\(depth.rawValue)",
            summary: "\(depth.rawValue) layers with shortcuts (He et al. 2015), torchvision's resnet\(depth.rawValue)",
            inputSize: (3, 224, 224), defaultNumClasses: 1000, benchmarkBatchSize: 16,
            build: { ResNet(depth, numClasses: $0, inChannels: $1) })
    }
}
