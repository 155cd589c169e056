import ApusGraph
import ApusNN

/// A 1×1, a 3×3 and a 1×1 convolution with batch norm, the last with four times the channels, and the input added to
/// their result (He et al. 2015; torchvision's `Bottleneck`). PyTorch itself has no such layer.
///
/// [N, C, H, W] → [N, 4 · O, H', W'] with H' = ⌊(H − 1) / S⌋ + 1 for stride S, and W' likewise. The stride is that of the
/// 3×3 convolution, as in torchvision; the paper has it at the first one.
///
/// State: `conv1`, `bn1`, `conv2`, `bn2`, `conv3`, `bn3` and what `downsample` has. The convolutions have no bias.
public final class Bottleneck: Module {
    /// How many times more channels the result has than the convolutions in the middle.
    public static let expansion = 4

    /// The first convolution, C → O.
    public let conv1: Conv2d
    /// The normalisation behind ``conv1``.
    public let bn1: BatchNorm2d
    /// The second convolution, O → O, with the block's stride.
    public let conv2: Conv2d
    /// The normalisation behind ``conv2``.
    public let bn2: BatchNorm2d
    /// The third convolution, O → 4 · O.
    public let conv3: Conv2d
    /// The normalisation behind ``conv3``.
    public let bn3: BatchNorm2d
    /// Behind ``bn1``, ``bn2`` and the sum.
    public let relu: ReLU
    /// What gives the input the shape of the result; nil where it has it.
    public let downsample: Module?

    /// A block from `inChannels` to four times `width`.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the input, at least 1.
    ///   - width: O, the channels of the convolutions in the middle, at least 1.
    ///   - stride: S, the step of the second convolution, at least 1; `1` by default.
    ///   - downsample: what gives the input the shape of the result, or `nil`, which is the default, where it has it.
    public init(_ inChannels: Int, _ width: Int, stride: Int = 1, downsample: Module? = nil) {
        conv1 = Conv2d(inChannels, width, kernelSize: 1, bias: false)
        bn1 = BatchNorm2d(width)
        conv2 = Conv2d(width, width, kernelSize: 3, stride: stride, padding: 1, bias: false)
        bn2 = BatchNorm2d(width)
        conv3 = Conv2d(width, width * Self.expansion, kernelSize: 1, bias: false)
        bn3 = BatchNorm2d(width * Self.expansion)
        relu = ReLU(inplace: true)
        self.downsample = downsample
        super.init()
    }

    override public func forward(_ x: Tensor) -> Tensor {
        let y = bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x))))))))
        return relu(y + (downsample?(x) ?? x))
    }
}
