import ApusGraph

/// Where each pixel of an image comes from while transforms move it: the rows and columns of the first image, forwards
/// or backwards.
struct PixelMap {
    /// One direction.
    struct Axis {
        /// The pixels of the image as it is now.
        var size: Int
        /// Where pixel 0 comes from, and the next one from there: 1, or -1 where it is mirrored.
        var start = 0
        var step = 1
        /// The pixels that were never beyond a border.
        var shown: Range<Int>

        init(_ size: Int) { (self.size, shown) = (size, 0..<size) }

        /// The part of `count` pixels that begins at `first`; it may reach across the borders.
        mutating func cut(from first: Int, count: Int) {
            start += step * first
            shown = (shown.lowerBound - first..<shown.upperBound - first).clamped(to: 0..<count)
            size = count
        }

        mutating func flip() {
            start += step * (size - 1)
            step = -step
            shown = size - shown.upperBound..<size - shown.lowerBound
        }
    }

    var rows: Axis
    var columns: Axis
    /// Whether three channels became gray.
    var isGray = false

    init(height: Int, width: Int) { (rows, columns) = (Axis(height), Axis(width)) }

    /// The part that begins at (top, left); what lies beyond the borders is filled.
    mutating func crop(top: Int, left: Int, height: Int, width: Int) {
        rows.cut(from: top, count: height)
        columns.cut(from: left, count: width)
    }

    /// What a device needs to know to make the image at `position`.
    func item(position: Int) -> TransformBytes.Item {
        TransformBytes.Item(
            position: position, top: rows.start, left: columns.start, isUpsideDown: rows.step < 0,
            isMirrored: columns.step < 0, isGray: isGray, rows: rows.shown, columns: columns.shown)
    }
}

/// A transform that moves pixels or makes them gray, and changes nothing else: a device can do it to a whole batch.
protocol PixelTransform: Transform {
    /// What the transform may do to images of a format; nil where it does more than a map of pixels can say.
    func effect(on format: ImageFormat) -> PixelEffect?

    /// Does to the map what ``Transform/apply(to:_:)`` does to the image, with the same random numbers.
    ///
    /// - Throws: what that would throw.
    func apply(to map: inout PixelMap, _ random: inout TransformRandom) throws
}

/// What a transform may do to the pixels of some image, beside moving them.
struct PixelEffect {
    enum Gray {
        case never, perhaps, always
    }

    /// What stands beyond the borders, one value or one for each channel; nil where nothing from there comes in.
    var fill: [Double]?
    /// Whether pixels become gray.
    var gray = Gray.never
}
