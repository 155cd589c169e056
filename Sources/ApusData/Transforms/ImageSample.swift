import ApusGraph
import CKernels

/// One image while transforms change it: planes [channels, height, width] of bytes or floats.
///
/// Its memory is kept from image to image, so that a loader allocates nothing after the first ones. It belongs to one
/// thread at a time.
public final class ImageSample {
    /// The number of channels.
    public private(set) var channels = 0
    /// The height in pixels.
    public private(set) var height = 0
    /// The width in pixels.
    public private(set) var width = 0
    /// The type of the samples.
    public private(set) var element = ImageFormat.Element.byte

    /// Where the pixels are: in one of the blocks, or in memory of somebody else that is only read.
    private var current: UnsafeRawPointer?
    private var isOwned = false
    private let first = MemoryBlock()
    private let second = MemoryBlock()
    private let scratch = MemoryBlock()

    public init() {}

    /// The format of the image.
    public var format: ImageFormat {
        ImageFormat(channels: channels, height: height, width: width, element: element)
    }

    /// Pixels in one plane.
    public var planeCount: Int { height * width }
    /// Samples in all planes.
    public var sampleCount: Int { channels * planeCount }

    // MARK: - Loading

    /// Takes pixels that somebody else holds as long as they are used here.
    func load(borrowing pixels: UnsafeRawPointer, _ shape: Shape, _ element: ImageFormat.Element) {
        set(shape[0], shape[1], shape[2], element)
        (current, isOwned) = (pixels, false)
    }

    /// Takes a picture.
    func load(_ image: Image) {
        set(image.channels, image.height, image.width, .byte)
        let target = first.reserve(sampleCount)
        image.samples.withUnsafeBufferPointer { source in
            apus_image_planes_from_pixels(
                source.baseAddress, Int64(channels), Int64(planeCount),
                target.assumingMemoryBound(to: UInt8.self))
        }
        (current, isOwned) = (UnsafeRawPointer(target), true)
    }

    private func set(_ channels: Int, _ height: Int, _ width: Int, _ element: ImageFormat.Element) {
        (self.channels, self.height, self.width, self.element) = (channels, height, width, element)
    }

    // MARK: - Changing

    /// The pixels.
    var pixels: UnsafeRawPointer {
        guard let current else { preconditionFailure("ImageSample: no image was loaded") }
        return current
    }

    /// Makes a new image of the present one: `body` reads the old pixels and writes all new ones, elsewhere.
    func replace(
        channels: Int? = nil, height: Int? = nil, width: Int? = nil, element: ImageFormat.Element? = nil,
        _ body: (UnsafeRawPointer, UnsafeMutableRawPointer) throws -> Void
    ) rethrows {
        let (newChannels, newHeight) = (channels ?? self.channels, height ?? self.height)
        let (newWidth, newElement) = (width ?? self.width, element ?? self.element)
        let old = pixels
        let target = (isOwned && old == first.start.map { UnsafeRawPointer($0) } ? second : first)
            .reserve(newChannels * newHeight * newWidth * newElement.size)
        try body(old, target)
        set(newChannels, newHeight, newWidth, newElement)
        (current, isOwned) = (UnsafeRawPointer(target), true)
    }

    /// Changes each sample by itself: `body` reads the old pixels and writes the new ones, to the same place or
    /// elsewhere.
    func map(_ body: (UnsafeRawPointer, UnsafeMutableRawPointer) throws -> Void) rethrows {
        guard isOwned else { return try replace(body) }
        let place = pixels
        try body(place, UnsafeMutableRawPointer(mutating: place))
    }

    /// Changes some pixels in place.
    func update(_ body: (UnsafeMutableRawPointer) throws -> Void) rethrows {
        if !isOwned { replace { old, new in new.copyMemory(from: old, byteCount: sampleCount * element.size) } }
        try body(UnsafeMutableRawPointer(mutating: pixels))
    }

    /// Memory for floats that live as long as the next call of this function.
    func scratchFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
        scratch.reserve(count * 4).assumingMemoryBound(to: Float.self)
    }

    // MARK: - For transforms of others

    /// Gives the samples of an image of bytes, [channels, height, width], to be changed in place.
    public func withBytes<Result>(_ body: (UnsafeMutableBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        precondition(element == .byte, "ImageSample.withBytes: the image is of float32")
        return try withSamples(of: UInt8.self, body)
    }

    /// Gives the samples of an image of floats, [channels, height, width], to be changed in place.
    public func withFloats<Result>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> Result) rethrows -> Result {
        precondition(element == .float, "ImageSample.withFloats: the image is of uint8")
        return try withSamples(of: Float.self, body)
    }

    private func withSamples<Sample, Result>(
        of type: Sample.Type, _ body: (UnsafeMutableBufferPointer<Sample>) throws -> Result
    ) rethrows -> Result {
        update { _ in }
        let start = UnsafeMutableRawPointer(mutating: pixels).assumingMemoryBound(to: type)
        return try body(UnsafeMutableBufferPointer(start: start, count: sampleCount))
    }
}

/// Memory that grows and is never given back before its owner goes.
final class MemoryBlock {
    private(set) var start: UnsafeMutableRawPointer?
    private var capacity = 0

    /// Room for `byteCount` bytes, whose contents are undefined.
    func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
        if let start, byteCount <= capacity { return start }
        start?.deallocate()
        capacity = max(byteCount, 64)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
        start = larger
        return larger
    }

    deinit { start?.deallocate() }
}
