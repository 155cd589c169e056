import ApusGraph
import ApusNN

/// Four convolutions of 5×5, each followed by ReLU and a pooling that halves the size, as the fourth tutorial builds
/// it.
///
/// [N, C, 28, 28] → 14×14 → 7×7 → 3×3 → 1×1 → logits [N, classes]. All convolutions but the first are normalised
/// (Ioffe & Szegedy 2015). State: `conv1.0`, `conv2.0`, `conv2.1` … `conv4.1`, `fc`; 271,178 numbers learned for one
/// channel, the default widths and 10 classes.
public final class CNN4: Module {
    public let conv1: Sequential
    public let conv2: Sequential
    public let conv3: Sequential
    public let conv4: Sequential
    public let fc: Linear

    /// - Parameters:
    ///   - numClasses: the number of classes.
    ///   - inChannels: the channels of the images.
    ///   - widths: the channels after each of the four convolutions; another count is an error (see
    ///     ``/ApusGraph/withTensorErrors(_:)``).
    public init(numClasses: Int = 10, inChannels: Int = 1, widths: [Int] = [16, 32, 64, 128]) {
        if widths.count != 4 {
            TensorError.raise(TensorError("CNN4", "widths: \(widths) has \(widths.count) numbers. Give four."))
        }
        let widths = widths.count == 4 ? widths : [16, 32, 64, 128]
        func stage(_ inChannels: Int, _ outChannels: Int) -> Sequential {
            Sequential(
                Conv2d(inChannels, outChannels, kernelSize: 5, stride: 1, padding: 2), BatchNorm2d(outChannels), ReLU(),
                MaxPool2d(2))
        }
        conv1 = Sequential(
            Conv2d(inChannels, widths[0], kernelSize: 5, stride: 1, padding: 2), ReLU(), MaxPool2d(2))
        conv2 = stage(widths[0], widths[1])
        conv3 = stage(widths[1], widths[2])
        conv4 = stage(widths[2], widths[3])
        fc = Linear(widths[3], numClasses)
        super.init()
    }

    override public func forward(_ image: Tensor) -> Tensor {
        fc(conv4(conv3(conv2(conv1(image)))).flatten(from: 1))
    }
}
