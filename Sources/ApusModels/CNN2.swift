import ApusGraph
import ApusNN

/// Two convolutions of 5×5, each followed by ReLU and a pooling that halves the size: the first network of the fourth
/// tutorial.
///
/// [N, C, 28, 28] → 14×14 → 7×7 → logits [N, classes]. The second convolution is normalised (Ioffe & Szegedy 2015).
/// State: `conv1.0`, `conv2.0`, `conv2.1` and `fc`; 29,002 numbers learned for one channel, the default widths and 10
/// classes.
public final class CNN2: Module {
    /// Convolution, ReLU and pooling.
    public let conv1: Sequential
    /// Convolution, batch norm, ReLU and pooling.
    public let conv2: Sequential
    /// The classifier of the 7 · 7 · `widths[1]` features.
    public let fc: Linear

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes; `10` by default.
    ///   - inChannels: the channels C of the images; `1` by default.
    ///   - widths: the channels after each of the two convolutions; another count is an error (see
    ///     ``/ApusGraph/withTensorErrors(_:)``); `[16, 32]` by default.
    public init(numClasses: Int = 10, inChannels: Int = 1, widths: [Int] = [16, 32]) {
        let widths = ModelArguments.counted(widths, as: [16, 32], name: "widths", of: "CNN2")
        conv1 = CNN4.stage(inChannels, widths[0], isNormalized: false)
        conv2 = CNN4.stage(widths[0], widths[1])
        fc = Linear(7 * 7 * widths[1], numClasses)
        super.init()
    }

    override public func forward(_ image: Tensor) -> Tensor {
        fc(conv2(conv1(image)).flatten(from: 1))
    }
}

extension CNN2 {
    static let entries = [
        ModelEntry(
            name: "cnn2",
            summary: "two 5×5 convolutions with ReLU and max-pooling, as in the fourth tutorial",
            inputSize: (1, 28, 28),
            defaults: TrainingDefaults(optimizer: .adam, lr: 0.001, batchSize: 100, epochs: 5),
            build: { CNN2(numClasses: $0, inChannels: $1) })
    ]
}
