import ApusGraph
import ApusNN

/// LeNet-5 with average pooling and a padded first convolution, as the second tutorial builds it (LeCun et al. 1998).
///
/// [N, C, 28, 28] → logits [N, classes]. The weights are drawn Xavier-uniform (Glorot & Bengio 2010), the biases as
/// PyTorch does. State: `conv.0`, `conv.3`, `fc.0`, `fc.2` and `fc.4`, each with `weight` and `bias`; 61,706 numbers
/// for one channel and 10 classes.
public final class LeNet5: Module {
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
            Conv2d(inChannels, 6, kernelSize: 5, padding: 2), Sigmoid(), AvgPool2d(2, stride: 2),
            Conv2d(6, 16, kernelSize: 5), Sigmoid(), AvgPool2d(2, stride: 2))
        fc = Sequential(
            Linear(16 * 5 * 5, 120), Sigmoid(), Linear(120, 84), Sigmoid(), Linear(84, numClasses))
        super.init()
        apply { module in
            switch module {
            case let convolution as Conv2d: Initializer.xavierUniform(convolution.weight)
            case let linear as Linear: Initializer.xavierUniform(linear.weight)
            default: break
            }
        }
    }

    override public func forward(_ image: Tensor) -> Tensor { fc(conv(image).flatten(from: 1)) }
}

extension LeNet5 {
    static let entries = [
        ModelEntry(
            name: "lenet5",
            summary: "LeNet-5 with sigmoids and average pooling (LeCun et al. 1998), as in the second tutorial",
            inputSize: (1, 28, 28),
            defaults: TrainingDefaults(optimizer: .sgd, lr: 0.5, batchSize: 100, epochs: 16),
            build: { LeNet5(numClasses: $0, inChannels: $1) })
    ]
}
