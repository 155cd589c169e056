import ApusGraph

/// Channels spread over the plane (`torch.nn.PixelShuffle`; Shi et al. 2016, ESPCN): each block of r² channels becomes
/// r × r elements.
///
/// [.., C · r², H, W] → [.., C, H · r, W · r] with r = `upscaleFactor`.
open class PixelShuffle: Module {
    /// r, by which height and width grow.
    public let upscaleFactor: Int

    /// An enlargement by `upscaleFactor` along both dimensions.
    ///
    /// - Parameters:
    ///   - upscaleFactor: r, at least 1; the channels must be a multiple of r².
    ///
    /// A factor below 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``), and so are channels that are not a
    /// multiple of its square when the layer is called.
    public init(_ upscaleFactor: Int) {
        self.upscaleFactor = upscaleFactor
        var arguments = LayerArguments(of: "PixelShuffle")
        arguments.require(upscaleFactor, "upscaleFactor", atLeast: 1)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.pixelShuffle(upscaleFactor) }

    override open var extraDescription: String { "upscale_factor=\(upscaleFactor)" }
}

/// The inverse of ``PixelShuffle`` (`torch.nn.PixelUnshuffle`): each r × r block of a plane becomes r² channels.
///
/// [.., C, H · r, W · r] → [.., C · r², H, W] with r = `downscaleFactor`.
open class PixelUnshuffle: Module {
    /// r, by which height and width shrink.
    public let downscaleFactor: Int

    /// A reduction by `downscaleFactor` along both dimensions.
    ///
    /// - Parameters:
    ///   - downscaleFactor: r, at least 1, of which height and width must be multiples.
    ///
    /// A factor below 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``), and so are heights and widths that are
    /// not multiples of it when the layer is called.
    public init(_ downscaleFactor: Int) {
        self.downscaleFactor = downscaleFactor
        var arguments = LayerArguments(of: "PixelUnshuffle")
        arguments.require(downscaleFactor, "downscaleFactor", atLeast: 1)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.pixelUnshuffle(downscaleFactor) }

    override open var extraDescription: String { "downscale_factor=\(downscaleFactor)" }
}
