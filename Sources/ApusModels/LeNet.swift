import ApusGraph
import ApusNN

/// LeNet with max-pooling, as the first tutorial builds it after LeCun et al. 1998.
///
/// [N, C, 28, 28] → logits [N, classes]. State: `conv.0`, `conv.3`, `fc.0`, `fc.2` and `fc.4`, each with `weight` and
/// `bias`; 44,426 numbers for one channel and 10 classes.
public final class LeNet: Module {
    public let conv: Sequential
    public let fc: Sequential

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
