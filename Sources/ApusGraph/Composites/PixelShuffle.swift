extension Tensor {
    /// Channels spread over the plane: each block of r² channels becomes r × r elements
    /// (`torch.nn.functional.pixel_shuffle`).
    ///
    /// [.., C · r², H, W] → [.., C, H · r, W · r]; the input has at least 3 dimensions.
    ///
    /// - Parameters:
    ///   - upscaleFactor: r, at least 1.
    public func pixelShuffle(_ upscaleFactor: Int) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let (name, factor) = ("pixel_shuffle", upscaleFactor)
            let (lead, channels, height, width) = try planes(name, "upscaleFactor", factor)
            let (square, overflows) = factor.multipliedReportingOverflow(by: factor)
            guard !overflows, channels % square == 0 else {
                throw TensorError(
                    name,
                    "the input \(shape.brackets) has \(channels) channels, which is not a multiple of "
                        + "\(factor)² = \(overflows ? "∞" : "\(square)"). Each pixel takes that many.")
            }
            let merged = lead.reduce(1, *)
            let blocks = Shape([merged * (channels / square), factor, factor, height, width])
            let result = Shape(lead + [channels / square, height * factor, width * factor])
            // [C, y, x, H, W] → [C, H, y, W, x]
            return reshape(blocks).permute(0, 3, 1, 4, 2).reshape(result).withGradientName("PixelShuffleBackward0")
        }
    }

    /// The inverse of ``pixelShuffle(_:)``: each r × r block of a plane becomes r² channels
    /// (`torch.nn.functional.pixel_unshuffle`).
    ///
    /// [.., C, H · r, W · r] → [.., C · r², H, W]; the input has at least 3 dimensions.
    ///
    /// - Parameters:
    ///   - downscaleFactor: r, at least 1.
    public func pixelUnshuffle(_ downscaleFactor: Int) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let (name, factor) = ("pixel_unshuffle", downscaleFactor)
            let (lead, channels, height, width) = try planes(name, "downscaleFactor", factor)
            for (side, size) in [("height", height), ("width", width)] where size % factor != 0 {
                throw TensorError(
                    name, "the \(side) \(size) of the input \(shape.brackets) is not a multiple of \(factor).")
            }
            let merged = lead.reduce(1, *)
            let blocks = Shape([merged * channels, height / factor, factor, width / factor, factor])
            let result = Shape(lead + [channels * factor * factor, height / factor, width / factor])
            // [C, H, y, W, x] → [C, y, x, H, W]
            return reshape(blocks).permute(0, 2, 4, 1, 3).reshape(result).withGradientName("PixelUnshuffleBackward0")
        }
    }

    /// The channels of `groups` groups in turn: the first of each group, then the second of each, and so on
    /// (`torch.nn.functional.channel_shuffle`; Zhang et al. 2018, ShuffleNet).
    ///
    /// [N, C, …] → [N, C, …]; the input has at least 3 dimensions, and the second one holds the channels.
    ///
    /// - Parameters:
    ///   - groups: the number of groups, of which the channels are a multiple.
    public func channelShuffle(_ groups: Int) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let name = "channel_shuffle"
            guard rank > 2 else {
                throw TensorError(
                    name, "the input \(shape.brackets) has \(rank) dimensions. Expected at least 3: [N, C, …].")
            }
            guard groups > 0 else { throw TensorError(name, "groups is \(groups). It must be at least 1.") }
            let (batch, channels) = (shape[0], shape[1])
            guard channels % groups == 0 else {
                throw TensorError(
                    name,
                    "the input \(shape.brackets) has \(channels) channels, which is not a multiple of groups: \(groups)."
                )
            }
            let inner = shape.dimensions.dropFirst(2).reduce(1, *)
            return reshape(Shape([batch, groups, channels / groups, inner])).permute(0, 2, 1, 3).reshape(shape)
                .withGradientName("ChannelShuffleBackward0")
        }
    }

    /// The sizes before the channels, and those of the channels and their planes.
    private func planes(
        _ name: String, _ argument: String, _ factor: Int
    ) throws(TensorError) -> (lead: [Int], channels: Int, height: Int, width: Int) {
        guard rank >= 3 else {
            throw TensorError(
                name, "the input \(shape.brackets) has \(rank) dimensions. Expected at least 3: [.., C, H, W].")
        }
        guard factor > 0 else { throw TensorError(name, "\(argument) is \(factor). It must be at least 1.") }
        let sizes = shape.dimensions
        return (Array(sizes.dropLast(3)), sizes[rank - 3], sizes[rank - 2], sizes[rank - 1])
    }
}
