import ApusGraph
import ApusNN

/// A convolution followed by two of 1×1, a small network on the channels of each place (Lin, Chen & Yan 2013, "Network
/// in Network"). PyTorch has no such layer.
///
/// [N, C, H, W] → [N, O, H', W'] with H' = ⌊(H + 2p − F) / S⌋ + 1 for kernel size F, stride S and padding p, and W'
/// likewise. Each of the three is followed by ReLU.
///
/// State: the convolutions `0`, `2` and `4`, each with `weight` and `bias`.
open class NiNBlock: Sequential {
    /// A block from `inChannels` to `outChannels`.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the input, at least 1.
    ///   - outChannels: the channels O of the result, at least 1.
    ///   - kernelSize: F, the size of the first kernel, at least 1.
    ///   - stride: S, the step of the first convolution, at least 1.
    ///   - padding: p, what the first convolution adds on both sides, at least 0.
    public init(_ inChannels: Int, _ outChannels: Int, kernelSize: Int, stride: Int, padding: Int) {
        super.init([
            Conv2d(inChannels, outChannels, kernelSize: kernelSize, stride: stride, padding: padding), ReLU(),
            Conv2d(outChannels, outChannels, kernelSize: 1), ReLU(),
            Conv2d(outChannels, outChannels, kernelSize: 1), ReLU(),
        ])
    }
}
