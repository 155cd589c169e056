import ApusGraph
import ApusNN

/// Convolutions of 3×3 that keep the size, each with ReLU, and a max-pooling that halves it (Simonyan & Zisserman
/// 2014). PyTorch has no such layer.
///
/// [N, C, H, W] → [N, O, ⌊H / 2⌋, ⌊W / 2⌋] where O is the last of the widths; the size stays where nothing is pooled.
///
/// State, without batch norm: the convolutions `0`, `2`, `4`, …, each with `weight` and `bias`; with it the convolutions
/// `0`, `3`, … and the batch norms `1`, `4`, ….
open class VGGBlock: Sequential {
    /// A block of as many convolutions as `widths` has numbers.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the input, at least 1.
    ///   - widths: the channels of each convolution's result, at least 1.
    ///   - batchNorm: whether batch norm follows each convolution; `false` by default.
    ///   - pool: whether the block ends in the max-pooling; `true` by default.
    public init(_ inChannels: Int, widths: [Int], batchNorm: Bool = false, pool: Bool = true) {
        var modules: [Module] = []
        var channels = inChannels
        for width in widths {
            modules.append(Conv2d(channels, width, kernelSize: 3, padding: 1))
            if batchNorm { modules.append(BatchNorm2d(width)) }
            modules.append(ReLU(inplace: true))
            channels = width
        }
        if pool { modules.append(MaxPool2d(2, stride: 2)) }
        super.init(modules)
    }
}
