import ApusGraph

/// Channels spread over the plane (`torch.nn.PixelShuffle`; Shi et al. 2016, ESPCN): each block of r² channels becomes
/// r × r elements.
///
/// [.., C · r², H, W] → [.., C, H · r, W · r] with r = `upscaleFactor`.
open class PixelShuffle: Module {
    public let upscaleFactor: Int

    /// A factor below 1 is an error, and so are channels that are not a multiple of its square when the layer is called
    /// (see ``withTensorErrors(_:)``).
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
    public let downscaleFactor: Int

    /// A factor below 1 is an error, and so are heights and widths that are not multiples of it when the layer is called
    /// (see ``withTensorErrors(_:)``).
    public init(_ downscaleFactor: Int) {
        self.downscaleFactor = downscaleFactor
        var arguments = LayerArguments(of: "PixelUnshuffle")
        arguments.require(downscaleFactor, "downscaleFactor", atLeast: 1)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.pixelUnshuffle(downscaleFactor) }

    override open var extraDescription: String { "downscale_factor=\(downscaleFactor)" }
}
