import ApusGraph
import ApusNN

/// A 1×1 convolution that widens the channels, a 3×3 convolution on each of them alone, and a 1×1 convolution that
/// narrows them again (Sandler et al. 2018; torchvision's `InvertedResidual`). PyTorch itself has no such layer.
///
/// [N, C, H, W] → [N, O, H', W'] with H' = ⌊(H − 1) / S⌋ + 1 for stride S, and W' likewise. Where S is 1 and O is C the
/// input is added. All are normalised, and all but the last have ReLU6.
///
/// State: `conv.0.0`, `conv.0.1`, …, `conv.2`, `conv.3`; where nothing is widened, `conv.0.0`, `conv.0.1`, `conv.1` and
/// `conv.2`.
public final class InvertedResidual: Module {
    /// The three convolutions with what follows them.
    public let conv: Sequential
    /// Whether the input is added.
    public let useResConnect: Bool

    /// A block from `inChannels` to `outChannels`.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the input, at least 1.
    ///   - outChannels: the channels O of the result, at least 1.
    ///   - stride: S, the step of the 3×3 convolution, at least 1.
    ///   - expandRatio: how many times more channels there are in the middle; for 1 the first convolution is left out.
    public init(_ inChannels: Int, _ outChannels: Int, stride: Int, expandRatio: Int) {
        let hidden = inChannels * expandRatio
        var modules: [Module] = []
        if expandRatio != 1 {
            modules.append(ConvNormAct(inChannels, hidden, kernelSize: 1, activation: ReLU6(inplace: true)))
        }
        modules += [
            ConvNormAct(hidden, hidden, stride: stride, groups: hidden, activation: ReLU6(inplace: true)),
            Conv2d(hidden, outChannels, kernelSize: 1, bias: false), BatchNorm2d(outChannels),
        ]
        conv = Sequential(modules)
        useResConnect = stride == 1 && inChannels == outChannels
        super.init()
    }

    override public func forward(_ x: Tensor) -> Tensor { useResConnect ? x + conv(x) : conv(x) }
}
