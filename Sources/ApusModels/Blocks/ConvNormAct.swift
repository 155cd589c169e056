import ApusGraph
import ApusNN

/// A convolution, batch norm and an activation in a row (torchvision's `Conv2dNormActivation`; PyTorch itself has no
/// such layer).
///
/// [N, C, H, W] → [N, O, H', W'] with H' = ⌊(H + 2p − F) / S⌋ + 1 for padding p, kernel size F and stride S, and W'
/// likewise.
///
/// State: `0.weight` of the convolution, which has no bias where batch norm follows, and the batch norm `1`.
open class ConvNormAct: Sequential {
    /// A block from `inChannels` to `outChannels`.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the input, at least 1 and a multiple of `groups`.
    ///   - outChannels: the channels O of the result, at least 1 and a multiple of `groups`.
    ///   - kernelSize: F, the size of the kernel, at least 1; `3` by default.
    ///   - stride: S, the step from window to window, at least 1; `1` by default.
    ///   - padding: p, what is added on both sides; where it is `nil`, which is the default, (F − 1) / 2, which keeps the
    ///     size for an odd kernel and a stride of 1.
    ///   - groups: into how many equal groups the channels are cut; `1` by default.
    ///   - isNormalized: whether batch norm follows; without it the convolution has a bias; `true` by default.
    ///   - activation: the activation, or `nil` for none; `ReLU(inplace: true)` by default.
    public init(
        _ inChannels: Int, _ outChannels: Int, kernelSize: Int = 3, stride: Int = 1, padding: Int? = nil,
        groups: Int = 1, isNormalized: Bool = true, activation: Module? = ReLU(inplace: true)
    ) {
        let convolution = Conv2d(
            inChannels, outChannels, kernelSize: kernelSize, stride: stride, padding: padding ?? (kernelSize - 1) / 2,
            groups: groups, bias: !isNormalized)
        super.init(
            [convolution] + (isNormalized ? [BatchNorm2d(outChannels)] : []) + (activation.map { [$0] } ?? []))
    }
}
