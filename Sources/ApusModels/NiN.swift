import ApusGraph
import ApusNN

/// Network in Network (Lin, Chen & Yan 2013): ``NiNBlock``s with poolings between them, and no linear layer: the last
/// block has a channel for each class, which is pooled over the image.
///
/// [N, C, 224, 224] → 54×54 → 26×26 → 12×12 → 5×5 → logits [N, classes], with the sizes of AlexNet's kernels. Images of
/// 67×67 and more are taken. State: `net.0`, `net.2`, `net.4` and `net.7`, each with the convolutions `0`, `2` and
/// `4`, drawn as the layers draw them; 1,992,166 numbers for one channel and 10 classes.
public final class NiN: Module {
    /// How the last features become logits.
    public enum Pooling: String, Sendable, Hashable, CaseIterable {
        /// The mean over the image, as in the paper.
        case average
        /// The largest of the image.
        case maximum
    }

    /// The blocks and poolings.
    public let net: Sequential

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes; `10` by default.
    ///   - inChannels: the channels C of the images; `1` by default.
    ///   - widths: the channels of the first three blocks; another count is an error (see
    ///     ``/ApusGraph/withTensorErrors(_:)``); `[96, 256, 384]` by default.
    ///   - dropout: the probability of dropout before the last block; `0.5` by default.
    ///   - pooling: how the last features become logits; `.average` by default.
    public init(
        numClasses: Int = 10, inChannels: Int = 1, widths: [Int] = [96, 256, 384], dropout: Double = 0.5,
        pooling: Pooling = .average
    ) {
        let widths = ModelArguments.counted(widths, as: [96, 256, 384], name: "widths", of: "NiN")
        net = Sequential(
            NiNBlock(inChannels, widths[0], kernelSize: 11, stride: 4, padding: 0), MaxPool2d(3, stride: 2),
            NiNBlock(widths[0], widths[1], kernelSize: 5, stride: 1, padding: 2), MaxPool2d(3, stride: 2),
            NiNBlock(widths[1], widths[2], kernelSize: 3, stride: 1, padding: 1), MaxPool2d(3, stride: 2),
            Dropout(dropout),
            NiNBlock(widths[2], numClasses, kernelSize: 3, stride: 1, padding: 1),
            pooling == .average ? AdaptiveAvgPool2d([1, 1]) : AdaptiveMaxPool2d([1, 1]),
            Flatten())
        super.init()
    }

    override public func forward(_ image: Tensor) -> Tensor { net(image) }
}

extension NiN {
    static let entries = [
        ModelEntry(
            name: "nin",
            summary: "convolutions with 1×1 convolutions behind them, and no linear layer (Lin et al. 2013)",
            inputSize: (1, 224, 224), benchmarkBatchSize: 16,
            build: { NiN(numClasses: $0, inChannels: $1) })
    ]
}
