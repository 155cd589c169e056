import ApusGraph
import ApusNN

/// LeNet with max-pooling, as the first tutorial builds it after LeCun et al. 1998.
///
/// [N, C, 28, 28] → logits [N, classes]. State: `conv.0`, `conv.3`, `fc.0`, `fc.2` and `fc.4`, each with `weight` and
/// `bias`; 44,426 numbers for one channel and 10 classes.
public final class LeNet: Module {
    /// The two convolutions with their activations and poolings.
    public let conv: Sequential
    /// The three fully connected layers.
    public let fc: Sequential

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes; `10` by default.
    ///   - inChannels: the channels C of the images; `1` by default.
    public init(numClasses: Int = 10, inChannels: Int = 1) {
        conv = Sequential(
            Conv2d(inChannels, 6, kernelSize: 5), Sigmoid(), MaxPool2d(2, stride: 2),
            Conv2d(6, 16, kernelSize: 5), Sigmoid(), MaxPool2d(2, stride: 2))
        fc = Sequential(
            Linear(16 * 4 * 4, 120), Sigmoid(), Linear(120, 84), Sigmoid(), Linear(84, numClasses))
        super.init()
    }

    override public func forward(_ image: Tensor) -> Tensor { fc(conv(image).flatten(from: 1)) }
}

extension LeNet {
    static let entries = [
        ModelEntry(
            name: "lenet",
            summary: "LeNet with sigmoids and max-pooling (LeCun et al. 1998), as in the first tutorial",
            inputSize: (1, 28, 28),
            defaults: TrainingDefaults(optimizer: .adam, lr: 0.001, batchSize: 256, epochs: 5),
            build: { LeNet(numClasses: $0, inChannels: $1) })
    ]
}
