import ApusGraph
import ApusNN

/// The residual block of the second tutorial (He et al. 2015): two convolutions of 3×3 with batch norm, and the input
/// added to their result. PyTorch has no such layer.
///
/// [N, C, H, W] → [N, O, H', W'] with H' = ⌊(H − 1) / S⌋ + 1 for strides S, and W' likewise:
/// y = ReLU(bn2(conv2(ReLU(bn1(conv1(x))))) + shortcut(x)), where the shortcut is x itself, or the 1×1 convolution
/// `conv3` of the same strides. Without it O must be C (or C 1) and the strides 1; else the sum is an error when the
/// block is called.
///
/// State: `conv1`, `conv2` and, where there is one, `conv3`, each with `weight` and `bias`, and the batch norms `bn1`
/// and `bn2`.
public final class Residual: Module {
    /// The first convolution, C → O, with the block's strides.
    public let conv1: Conv2d
    /// The second convolution, O → O.
    public let conv2: Conv2d
    /// The 1×1 convolution of the shortcut; nil where the shortcut is the input itself.
    public let conv3: Conv2d?
    /// The normalisation behind ``conv1``.
    public let bn1: BatchNorm2d
    /// The normalisation behind ``conv2``.
    public let bn2: BatchNorm2d

    /// A block from `inputChannels` to `numChannels`.
    ///
    /// - Parameters:
    ///   - inputChannels: the channels C of the input, at least 1.
    ///   - numChannels: the channels O of the result, at least 1.
    ///   - use1x1Conv: whether the shortcut is a 1×1 convolution; needed where the block changes channels or size;
    ///     `false` by default.
    ///   - strides: the step S of the first convolution and of the shortcut, at least 1; `1` by default.
    public init(_ inputChannels: Int, _ numChannels: Int, use1x1Conv: Bool = false, strides: Int = 1) {
        conv1 = Conv2d(inputChannels, numChannels, kernelSize: 3, stride: strides, padding: 1)
        conv2 = Conv2d(numChannels, numChannels, kernelSize: 3, padding: 1)
        conv3 = use1x1Conv ? Conv2d(inputChannels, numChannels, kernelSize: 1, stride: strides) : nil
        bn1 = BatchNorm2d(numChannels)
        bn2 = BatchNorm2d(numChannels)
        super.init()
    }

    override public func forward(_ x: Tensor) -> Tensor {
        let y = bn2(conv2(bn1(conv1(x)).relu()))
        let shortcut = conv3?(x) ?? x
        // As in PyTorch, one channel may be added to all.
        guard zip(y.shape, shortcut.shape).allSatisfy({ $1 == $0 || $1 == 1 }) else {
            return .refuse(
                TensorError(
                    "Residual",
                    "the convolutions make \(y.shape.brackets) of the input \(x.shape.brackets), to which it cannot be "
                        + "added. Pass use1x1Conv: true, which changes the input's channels and size likewise."),
                like: [x])
        }
        return (y + shortcut).relu()
    }
}
