import ApusGraph

/// The channels of several groups in turn (`torch.nn.ChannelShuffle`; Zhang et al. 2018, ShuffleNet): the first of each
/// group, then the second of each, and so on.
///
/// [N, C, …] → [N, C, …], for 3 dimensions or more.
open class ChannelShuffle: Module {
    /// The number of groups of channels.
    public let groups: Int

    /// A shuffle of `groups` groups.
    ///
    /// - Parameters:
    ///   - groups: the number of groups, at least 1, of which the channels must be a multiple.
    ///
    /// Groups below 1 are an error (see ``/ApusGraph/withTensorErrors(_:)``), and so are channels that are not a
    /// multiple of them when the layer is called.
    public init(_ groups: Int) {
        self.groups = groups
        var arguments = LayerArguments(of: "ChannelShuffle")
        arguments.require(groups, "groups", atLeast: 1)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.channelShuffle(groups) }

    override open var extraDescription: String { "groups=\(groups)" }
}
