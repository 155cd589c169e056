import ApusGraph
import ApusNN

/// Two convolutions of 3×3 with batch norm, and the input added to their result (He et al. 2015; torchvision's
/// `BasicBlock`). PyTorch itself has no such layer.
///
/// [N, C, H, W] → [N, O, H', W'] with H' = ⌊(H − 1) / S⌋ + 1 for stride S, and W' likewise:
/// y = ReLU(bn2(conv2(ReLU(bn1(conv1(x))))) + downsample(x)), where `downsample` is the identity unless given.
///
/// State: `conv1`, `bn1`, `conv2`, `bn2` and what `downsample` has. The convolutions have no bias.
public final class BasicBlock: Module {
    /// The first convolution, C → O, with the block's stride.
    public let conv1: Conv2d
    /// The normalisation behind ``conv1``.
    public let bn1: BatchNorm2d
    /// Behind ``bn1`` and behind the sum.
    public let relu: ReLU
    /// The second convolution, O → O.
    public let conv2: Conv2d
    /// The normalisation behind ``conv2``.
    public let bn2: BatchNorm2d
    /// What gives the input the shape of the result; nil where it has it.
    public let downsample: Module?

    /// A block from `inChannels` to `outChannels`.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the input, at least 1.
    ///   - outChannels: the channels O of the result, at least 1.
    ///   - stride: S, the step of the first convolution, at least 1; `1` by default.
    ///   - downsample: what gives the input the shape of the result, or `nil`, which is the default, where it has it.
    public init(_ inChannels: Int, _ outChannels: Int, stride: Int = 1, downsample: Module? = nil) {
        conv1 = Conv2d(inChannels, outChannels, kernelSize: 3, stride: stride, padding: 1, bias: false)
        bn1 = BatchNorm2d(outChannels)
        relu = ReLU(inplace: true)
        conv2 = Conv2d(outChannels, outChannels, kernelSize: 3, padding: 1, bias: false)
        bn2 = BatchNorm2d(outChannels)
        self.downsample = downsample
        super.init()
    }

    override public func forward(_ x: Tensor) -> Tensor {
        relu(bn2(conv2(relu(bn1(conv1(x))))) + (downsample?(x) ?? x))
    }
}
