import ApusGraph
import ApusNN

/// Four convolutions of 5×5, each followed by ReLU and a pooling that halves the size, as the fourth tutorial builds
/// it.
///
/// [N, C, 28, 28] → 14×14 → 7×7 → 3×3 → 1×1 → logits [N, classes]. All convolutions but the first are normalised
/// (Ioffe & Szegedy 2015). State: `conv1.0`, `conv2.0`, `conv2.1` … `conv4.1`, `fc`; 271,178 numbers learned for one
/// channel, the default widths and 10 classes.
public final class CNN4: Module {
    /// Convolution, ReLU and pooling.
    public let conv1: Sequential
    /// Convolution, batch norm, ReLU and pooling, as the next two.
    public let conv2: Sequential
    /// See ``conv2``.
    public let conv3: Sequential
    /// See ``conv2``.
    public let conv4: Sequential
    /// The classifier of the `widths[3]` features.
    public let fc: Linear

    /// A network with fresh weights.
    ///
    /// - Parameters:
    ///   - numClasses: the number of classes; `10` by default.
    ///   - inChannels: the channels C of the images; `1` by default.
    ///   - widths: the channels after each of the four convolutions; another count is an error (see
    ///     ``/ApusGraph/withTensorErrors(_:)``); `[16, 32, 64, 128]` by default.
    public init(numClasses: Int = 10, inChannels: Int = 1, widths: [Int] = [16, 32, 64, 128]) {
        let widths = ModelArguments.counted(widths, as: [16, 32, 64, 128], name: "widths", of: "CNN4")
        conv1 = Self.stage(inChannels, widths[0], isNormalized: false)
        conv2 = Self.stage(widths[0], widths[1])
        conv3 = Self.stage(widths[1], widths[2])
        conv4 = Self.stage(widths[2], widths[3])
        fc = Linear(widths[3], numClasses)
        super.init()
    }

    override public func forward(_ image: Tensor) -> Tensor {
        fc(conv4(conv3(conv2(conv1(image)))).flatten(from: 1))
    }

    /// A convolution of 5×5 that keeps the size, batch norm where asked for, ReLU, and a pooling that halves the size.
    static func stage(_ inChannels: Int, _ outChannels: Int, isNormalized: Bool = true) -> Sequential {
        let convolution = Conv2d(inChannels, outChannels, kernelSize: 5, stride: 1, padding: 2)
        return Sequential(
            [convolution] + (isNormalized ? [BatchNorm2d(outChannels)] : []) + [ReLU(), MaxPool2d(2)])
    }
}

extension CNN4 {
    static let entries = [
        ModelEntry(
            name: "cnn4",
            summary: "four 5×5 convolutions with batch norm, ReLU and max-pooling, as in the fourth tutorial",
            inputSize: (1, 28, 28),
            defaults: TrainingDefaults(optimizer: .adam, lr: 0.001, batchSize: 100, epochs: 5),
            build: { CNN4(numClasses: $0, inChannels: $1) })
    ]
}
