import ApusGraph
import ApusNN

/// A convolution of 3×3, a pooling that halves the size, batch norm and an activation, in this order: the norm and the
/// activation then work on a quarter of the pixels (Jordan 2024, arXiv:2404.00498).
///
/// [N, C, H, W] → [N, O, ⌊H / 2⌋, ⌊W / 2⌋], or [N, O, H, W] without the pooling; a residual block adds its input, for
/// which C = O and no pooling are needed. State: `conv.weight` and the norm's.
public final class PoolBlock: Module {
    /// What a block does beside convolving.
    public enum Kind: Sendable, Hashable {
        /// It halves the size.
        case pooling
        /// It keeps the size.
        case plain
        /// It keeps the size and adds its input.
        case residual
    }

    /// The convolution, without bias.
    public let conv: Conv2d
    /// The pooling; nil where the size stays.
    public let pool: MaxPool2d?
    /// Batch norm, with or without a learned scale.
    public let norm: Module
    /// The activation.
    public let activation: Module
    private let isResidual: Bool

    /// A block from `inChannels` to `outChannels`.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the input, at least 1.
    ///   - outChannels: the channels O of the result, at least 1; those of the input for a residual block.
    ///   - kind: what the block does beside convolving.
    ///   - norm: a norm of `outChannels` channels.
    ///   - activation: the activation.
    public init(_ inChannels: Int, _ outChannels: Int, _ kind: Kind, norm: Module, activation: Module) {
        conv = Conv2d(inChannels, outChannels, kernelSize: 3, padding: 1, bias: false)
        pool = kind == .pooling ? MaxPool2d(2) : nil
        (self.norm, self.activation) = (norm, activation)
        isResidual = kind == .residual
        super.init()
    }

    override public func forward(_ x: Tensor) -> Tensor {
        let convolved = conv(x)
        let y = activation(norm(pool.map { $0(convolved) } ?? convolved))
        return isResidual ? x + y : y
    }
}

/// Batch norm with a learned bias but no learned scale, whose bias learns 64 times as fast as the weights (Jordan 2024,
/// arXiv:2404.00498, section 3.1).
///
/// [N, C, H, W] → the same shape: y = (x − mean) / √(variance + ε) + 8 · bias. Of SGD, a factor f before a parameter is a
/// learning rate f² times as high, and the weight decay stays what it was.
public final class BiasNorm2d: Module {
    /// The norm, without parameters.
    public let norm: BatchNorm2d
    /// [C], 0 at first.
    public let bias: Parameter
    private static let factor = 8.0

    /// A norm without a scale.
    ///
    /// - Parameters:
    ///   - numFeatures: the channels C, at least 1.
    ///   - momentum: how much of the running statistics each batch replaces; `0.4` by default, Jordan's.
    public init(_ numFeatures: Int, momentum: Double = 0.4) {
        norm = BatchNorm2d(numFeatures, momentum: momentum, affine: false)
        bias = Parameter(.zeros([numFeatures]))
        super.init()
    }

    override public func forward(_ x: Tensor) -> Tensor {
        norm(x) + (bias.operand * Self.factor).reshape([1, -1, 1, 1])
    }
}
