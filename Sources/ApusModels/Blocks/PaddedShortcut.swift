import ApusGraph
import ApusNN

/// The shortcut without parameters of He et al. 2015, section 3.3, option A: every S-th row and column of the input, and
/// zeros for the channels that it lacks. PyTorch has no such layer.
///
/// [N, C, H, W] → [N, O, ⌈H / S⌉, ⌈W / S⌉]; the channels from C on are 0.
public final class PaddedShortcut: Module {
    /// The channels O of the result.
    public let outChannels: Int
    /// The step S.
    public let stride: Int

    /// A shortcut to `outChannels` channels.
    ///
    /// - Parameters:
    ///   - outChannels: the channels O of the result, at least as many as the input's.
    ///   - stride: the step S, at least 1.
    ///
    /// A step below 1, and an input of more channels than O, are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ outChannels: Int, stride: Int) {
        if stride < 1 {
            TensorError.raise(TensorError("PaddedShortcut", "stride is \(stride). It must be at least 1."))
        }
        (self.outChannels, self.stride) = (outChannels, max(stride, 1))
        super.init()
    }

    override public func forward(_ x: Tensor) -> Tensor {
        guard x.rank == 4, x.shape[1] <= outChannels else {
            return .refuse(
                TensorError(
                    "PaddedShortcut",
                    "the input is \(x.shape.brackets). Expected [N, C, H, W] with at most \(outChannels) channels."),
                like: [x])
        }
        let sampled = stride == 1 ? x : x[.ellipsis, .every(stride), .every(stride)]
        // From the last dimension: nothing around the image, zeros behind the channels.
        return sampled.pad([0, 0, 0, 0, 0, outChannels - x.shape[1]])
    }

    override public var extraDescription: String { "\(outChannels), stride=\(stride)" }
}
