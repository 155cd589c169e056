/// A batch of images taken from a whole data set of bytes: cut out, mirrored, turned gray and made numbers (inputs: the
/// bytes, the labels and the items).
///
/// Shape rule: bytes [count, C, H, W] as `uint8`, labels [count] and items [N, 8] as `int64` → images [N, `channels`,
/// `height`, `width`] as `float32` and labels [N] as `int64`. A row of the items is an ``Item``; it is an input, so
/// that a new batch needs no new plan.
///
/// Pixel (r, c) of a result is that of the image at the row `top` ± r and the column `left` ± c, where r lies in `rows`
/// and c in `columns` and the image has such a pixel; else `fill`. Then, of three channels, a gray one is made where it
/// is asked for: 0.2989 R + 0.587 G + 0.114 B in single precision, (B · 0.114 + (G · 0.587 + R · 0.2989)) with one
/// rounding for each product and sum but the first product, which has its own, cut to a whole number. The result is
/// byte / 255, or (byte / 255 − mean) / std, each operation rounded to `float32`. One channel of three that are not
/// gray is the first.
///
/// A position outside of 0 ..< count is an error when it is computed. No gradient.
public struct TransformBytes: Primitive {
    public static let name = "transform_bytes"

    /// Where one image of a batch comes from, and what is done to it.
    public struct Item: Sendable, Hashable {
        /// The numbers of an item, in the order of the properties; a range has two, and the flags have one.
        public static let wordCount = 8
        /// The flags, which add up.
        public static let mirrored: Int64 = 1
        public static let upsideDown: Int64 = 2
        public static let gray: Int64 = 4

        /// The image, 0 ..< count.
        public var position: Int
        /// The row of the image where row 0 of the result comes from; it may lie outside of the image.
        public var top: Int
        /// The column of the image where column 0 of the result comes from; it may lie outside of the image.
        public var left: Int
        /// Whether rows are counted backwards from `top`.
        public var isUpsideDown: Bool
        /// Whether columns are counted backwards from `left`.
        public var isMirrored: Bool
        /// Whether three channels become gray.
        public var isGray: Bool
        /// The rows of the result that may show the image.
        public var rows: Range<Int>
        /// The columns of the result that may show the image.
        public var columns: Range<Int>

        public init(
            position: Int, top: Int = 0, left: Int = 0, isUpsideDown: Bool = false, isMirrored: Bool = false,
            isGray: Bool = false, rows: Range<Int>, columns: Range<Int>
        ) {
            (self.position, self.top, self.left) = (position, top, left)
            (self.isUpsideDown, self.isMirrored, self.isGray) = (isUpsideDown, isMirrored, isGray)
            (self.rows, self.columns) = (rows, columns)
        }

        /// Writes the numbers that stand for the item.
        public func write(to words: UnsafeMutablePointer<Int64>) {
            words[0] = Int64(position)
            words[1] = Int64(top)
            words[2] = Int64(left)
            words[3] =
                (isMirrored ? Self.mirrored : 0) | (isUpsideDown ? Self.upsideDown : 0) | (isGray ? Self.gray : 0)
            words[4] = Int64(rows.lowerBound)
            words[5] = Int64(rows.upperBound)
            words[6] = Int64(columns.lowerBound)
            words[7] = Int64(columns.upperBound)
        }
    }

    /// The most channels of an image: kernels keep those of a pixel in registers.
    public static let channelBound = 16

    /// The channels of a result: those of the bytes, or 1 of 3, or 3 equal ones of 1.
    public let channels: Int
    /// The height of a result.
    public let height: Int
    /// The width of a result.
    public let width: Int
    /// What stands where there is no image, one byte for each channel of the bytes.
    public let fill: [UInt8]
    /// What is subtracted, one number for each channel of a result; none where it is only divided by 255.
    public let mean: [Float]
    /// What is divided by then, likewise.
    public let std: [Float]

    /// - Parameters:
    ///   - channels: the channels of a result.
    ///   - height: its height, at least 1.
    ///   - width: its width, at least 1.
    ///   - fill: what stands where there is no image, one byte for each channel of the bytes.
    ///   - mean: what is subtracted, one number for each channel of a result, or none.
    ///   - std: what is divided by then, likewise.
    public init(channels: Int, height: Int, width: Int, fill: [UInt8], mean: [Float] = [], std: [Float] = []) {
        (self.channels, self.height, self.width) = (channels, height, width)
        (self.fill, self.mean, self.std) = (fill, mean, std)
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let (bytes, labels, items) = (inputs[0], inputs[1], inputs[2])
        guard bytes.shape.rank == 4, bytes.dtype == .uint8 else {
            throw TensorError(
                name, "the images are \(bytes.shape.brackets) of \(bytes.dtype). Expected [count, C, H, W] of uint8.")
        }
        guard labels.shape == [bytes.shape[0]], labels.dtype == .int64 else {
            throw TensorError(
                name,
                "the labels are \(labels.shape.brackets) of \(labels.dtype). Expected [\(bytes.shape[0])] of int64, one "
                    + "for each image.")
        }
        guard items.shape.rank == 2, items.shape[1] == Item.wordCount, items.dtype == .int64 else {
            throw TensorError(
                name,
                "the items are \(items.shape.brackets) of \(items.dtype). Expected [N, \(Item.wordCount)] of int64.")
        }
        try checkSizes(bytes.shape)
        return [
            TensorSpec(Shape([items.shape[0], channels, height, width]), .float32, bytes.device),
            TensorSpec([items.shape[0]], .int64, bytes.device),
        ]
    }

    private func checkSizes(_ bytes: Shape) throws(TensorError) {
        let stored = bytes[1]
        guard (1...Self.channelBound).contains(stored),
            channels == stored || (channels == 1 && stored == 3) || (channels == 3 && stored == 1)
        else {
            throw TensorError(
                name,
                "\(channels) channels of \(stored) cannot be made. Expected as many, at most \(Self.channelBound), 1 of "
                    + "3 or 3 of 1.")
        }
        guard fill.count == stored, mean.count == std.count, mean.isEmpty || mean.count == channels else {
            throw TensorError(
                name,
                "\(fill.count) fill values, \(mean.count) means and \(std.count) deviations. Expected \(stored) and "
                    + "\(channels) or none.")
        }
        // Kernels count within one image by 32 bits.
        let most = Int(Int32.max)
        guard height > 0, width > 0, bytes[2] * bytes[3] <= most / stored, height * width <= most / channels else {
            throw TensorError(
                name,
                "images of \(bytes[2])×\(bytes[3]) pixels cannot become images of \(height)×\(width). Sizes are at "
                    + "least 1, and an image has at most \(most) elements.")
        }
    }

    /// The error of an item whose image does not exist.
    public func refusal(_ position: Int64, at item: Int, count: Int) -> TensorError {
        .indexOutOfRange(operation: name, position, at: [item], dimension: 0, size: count)
    }
}
