import ApusGraph

/// Labelled images of one size, as bytes, that a ``DataLoader`` takes batches from.
///
/// The one way to the images is a whole batch at a time, so that a data set in memory is a few copies and one that
/// decodes files can decode a batch in parallel.
public protocol Dataset: Sendable {
    /// The number of images.
    var count: Int { get }
    /// The shape of one image: [channels, height, width].
    var sampleShape: Shape { get }
    /// The names of the classes, by label.
    var classNames: [String] { get }

    /// Writes the images and labels at `indices`.
    ///
    /// Called on the loader's thread, and on several threads at once where the data set is iterated more than once.
    ///
    /// - Parameters:
    ///   - indices: N positions in `0 ..< count`, in any order, possibly repeated.
    ///   - images: room for [N, C, H, W] bytes, which must all be written; 0 (black) to 255 (white).
    ///   - labels: room for [N] classes, each in `0 ..< classNames.count`.
    /// - Throws: where an image cannot be read.
    func gather(
        _ indices: ArraySlice<Int>, images: UnsafeMutableBufferPointer<UInt8>,
        labels: UnsafeMutableBufferPointer<Int64>) throws
}

/// A data set whose images all lie in memory.
public protocol InMemoryDataset: Dataset {
    /// All images and labels.
    var data: ImageBytes { get }
}

extension InMemoryDataset {
    public var count: Int { data.count }
    public var sampleShape: Shape { data.sampleShape }
    public var classNames: [String] { data.classNames }

    public func gather(
        _ indices: ArraySlice<Int>, images: UnsafeMutableBufferPointer<UInt8>,
        labels: UnsafeMutableBufferPointer<Int64>
    ) {
        data.gather(indices, images: images, labels: labels)
    }
}
