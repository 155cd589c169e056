import ApusGraph
import ApusNN

/// AlexNet in the one-column form of Krizhevsky 2014 ("One weird trick for parallelizing convolutional neural
/// networks"), as torchvision's `alexnet` has it; the original is Krizhevsky, Sutskever & Hinton 2012.
///
/// [N, C, 224, 224] → 55×55 → 27×27 → 13×13 → 6×6 → logits [N, classes]. Images of 63×63 and more are taken: the last
/// features are averaged to `pool` × `pool`. State: `features.0` … `features.10` and `classifier.1`, `classifier.4`,
/// `classifier.6`, each with `weight` and `bias`, drawn as the layers draw them; 61,100,840 numbers for three channels
/// and 1,000 classes.
public final class AlexNet: Module {
    /// The five convolutions with their activations and poolings.
    public let features: Sequential
    /// The mean over `pool` × `pool` parts of the image.
    public let avgpool: AdaptiveAvgPool2d
    /// The three fully connected layers.
    public let classifier: Sequential

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes; `1000` by default.
    ///   - inChannels: the channels C of the images; `3` by default.
    ///   - widths: the channels after each of the five convolutions; another count is an error (see
    ///     ``/ApusGraph/withTensorErrors(_:)``); `[64, 192, 384, 256, 256]` by default.
    ///   - hidden: the features between the fully connected layers; `4096` by default.
    ///   - pool: the size to which the last features are averaged; `6` by default.
    ///   - dropout: the probability of dropout before the first two fully connected layers; `0.5` by default.
    public init(
        numClasses: Int = 1000, inChannels: Int = 3, widths: [Int] = [64, 192, 384, 256, 256], hidden: Int = 4096,
        pool: Int = 6, dropout: Double = 0.5
    ) {
        let widths = ModelArguments.counted(widths, as: [64, 192, 384, 256, 256], name: "widths", of: "AlexNet")
        features = Sequential(
            Conv2d(inChannels, widths[0], kernelSize: 11, stride: 4, padding: 2), ReLU(inplace: true),
            MaxPool2d(3, stride: 2),
            Conv2d(widths[0], widths[1], kernelSize: 5, padding: 2), ReLU(inplace: true),
            MaxPool2d(3, stride: 2),
            Conv2d(widths[1], widths[2], kernelSize: 3, padding: 1), ReLU(inplace: true),
            Conv2d(widths[2], widths[3], kernelSize: 3, padding: 1), ReLU(inplace: true),
            Conv2d(widths[3], widths[4], kernelSize: 3, padding: 1), ReLU(inplace: true),
            MaxPool2d(3, stride: 2))
        avgpool = AdaptiveAvgPool2d([pool, pool])
        classifier = Sequential(
            Dropout(dropout), Linear(widths[4] * pool * pool, hidden), ReLU(inplace: true),
            Dropout(dropout), Linear(hidden, hidden), ReLU(inplace: true),
            Linear(hidden, numClasses))
        super.init()
    }

    override public func forward(_ image: Tensor) -> Tensor {
        classifier(avgpool(features(image)).flatten(from: 1))
    }
}

extension AlexNet {
    static let entries = [
        ModelEntry(
            name: "alexnet",
            summary: "five convolutions and three linear layers (Krizhevsky 2014), torchvision's alexnet",
            inputSize: (3, 224, 224), defaultNumClasses: 1000, benchmarkBatchSize: 16,
            build: { AlexNet(numClasses: $0, inChannels: $1) })
    ]
}
