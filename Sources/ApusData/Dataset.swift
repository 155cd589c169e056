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
    /// The class of each image, [count], each in `0 ..< classNames.count`.
    var labels: [Int64] { get }

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

/// A data set whose images are made one at a time, by decoding files for example; a loader makes several at once.
public protocol ImageDataset: Dataset {
    /// What is done to each image before it has the shape of ``Dataset/sampleShape``; nil where it has it already.
    var transform: (any Transform)? { get }

    /// What the images are before the transform; bytes of ``Dataset/sampleShape`` unless said otherwise.
    var imageFormat: ImageFormat { get }

    /// Makes one image, before the transform.
    ///
    /// Called on several threads at once. It must not evaluate tensors.
    ///
    /// - Throws: where the image cannot be made; the error names the file.
    func image(at index: Int) throws -> Image
}

extension ImageDataset {
    public var imageFormat: ImageFormat {
        ImageFormat(channels: sampleShape[0], height: sampleShape[1], width: sampleShape[2])
    }

    /// Makes the images one after the other; a transform must keep bytes.
    public func gather(
        _ indices: ArraySlice<Int>, images: UnsafeMutableBufferPointer<UInt8>,
        labels: UnsafeMutableBufferPointer<Int64>
    ) throws {
        let (size, all) = (sampleShape.elementCount, self.labels)
        let sample = ImageSample()
        for (row, index) in indices.enumerated() {
            sample.load(try image(at: index))
            var random = TransformRandom(seed: 0, position: index)
            try transform?.apply(to: sample, &random)
            guard sample.format.shape == sampleShape, sample.element == .byte else {
                throw TensorError(
                    "gather", "image \(index) is \(sample.format); bytes of \(sampleShape.brackets) were expected.")
            }
            sample.withBytes { _ = UnsafeMutableBufferPointer(rebasing: images[(row * size)...]).update(from: $0) }
            labels[row] = all[index]
        }
    }
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
    public var labels: [Int64] { data.labels }

    public func gather(
        _ indices: ArraySlice<Int>, images: UnsafeMutableBufferPointer<UInt8>,
        labels: UnsafeMutableBufferPointer<Int64>
    ) {
        data.gather(indices, images: images, labels: labels)
    }
}
