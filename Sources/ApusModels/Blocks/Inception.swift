import ApusGraph
import ApusNN

/// Four branches beside each other, whose channels are put together (Szegedy et al. 2014; torchvision's `Inception`).
/// PyTorch itself has no such layer.
///
/// [N, C, H, W] → [N, O₁ + O₂ + O₃ + O₄, H, W]: a 1×1 convolution; a 1×1 and a 3×3 convolution; the same again, where
/// the paper has 5×5 and torchvision 3×3; a 3×3 max-pooling and a 1×1 convolution. Each convolution is a
/// ``BasicConv2d``.
///
/// State: `branch1`, `branch2.0`, `branch2.1`, `branch3.0`, `branch3.1` and `branch4.1`, each with `conv` and `bn`.
public final class Inception: Module {
    /// The 1×1 convolution.
    public let branch1: BasicConv2d
    /// A 1×1 convolution, and one of 3×3.
    public let branch2: Sequential
    /// A 1×1 convolution, and one of 3×3 again.
    public let branch3: Sequential
    /// A max-pooling, and a 1×1 convolution.
    public let branch4: Sequential

    /// A block on `inChannels` channels.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the input, at least 1.
    ///   - ch1x1: O₁, the channels of the first branch.
    ///   - ch3x3: the channels in the middle of the second branch, and O₂.
    ///   - ch5x5: the channels in the middle of the third branch, and O₃.
    ///   - poolProj: O₄, the channels of the fourth branch.
    public init(
        _ inChannels: Int, ch1x1: Int, ch3x3: (reduced: Int, out: Int), ch5x5: (reduced: Int, out: Int), poolProj: Int
    ) {
        branch1 = BasicConv2d(inChannels, ch1x1, kernelSize: 1)
        branch2 = Sequential(
            BasicConv2d(inChannels, ch3x3.reduced, kernelSize: 1),
            BasicConv2d(ch3x3.reduced, ch3x3.out, kernelSize: 3, padding: 1))
        branch3 = Sequential(
            BasicConv2d(inChannels, ch5x5.reduced, kernelSize: 1),
            BasicConv2d(ch5x5.reduced, ch5x5.out, kernelSize: 3, padding: 1))
        branch4 = Sequential(
            MaxPool2d(3, stride: 1, padding: 1, ceilMode: true), BasicConv2d(inChannels, poolProj, kernelSize: 1))
        super.init()
    }

    override public func forward(_ x: Tensor) -> Tensor {
        .cat([branch1(x), branch2(x), branch3(x), branch4(x)], dim: 1)
    }
}

/// A convolution without bias, batch norm with ε = 0.001, and ReLU, as ``GoogLeNet`` is built of (torchvision's
/// `BasicConv2d`). PyTorch itself has no such layer.
///
/// [N, C, H, W] → [N, O, H', W'] with H' = ⌊(H + 2p − F) / S⌋ + 1 for kernel size F, stride S and padding p, and W'
/// likewise. State: `conv.weight` and the batch norm `bn`.
public final class BasicConv2d: Module {
    /// The convolution.
    public let conv: Conv2d
    /// The batch norm.
    public let bn: BatchNorm2d

    /// A block from `inChannels` to `outChannels`.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the input, at least 1.
    ///   - outChannels: the channels O of the result, at least 1.
    ///   - kernelSize: F, the size of the kernel, at least 1.
    ///   - stride: S, the step from window to window, at least 1; `1` by default.
    ///   - padding: p, what is added on both sides, at least 0; `0` by default.
    public init(_ inChannels: Int, _ outChannels: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0) {
        conv = Conv2d(
            inChannels, outChannels, kernelSize: kernelSize, stride: stride, padding: padding, bias: false)
        bn = BatchNorm2d(outChannels, eps: 0.001)
        super.init()
    }

    override public func forward(_ x: Tensor) -> Tensor { bn(conv(x)).relu() }
}
