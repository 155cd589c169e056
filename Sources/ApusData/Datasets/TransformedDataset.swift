import ApusGraph

/// A data set whose images a loader transforms (torchvision's argument `transform` of a data set).
public struct TransformedDataset: Dataset {
    /// The data set itself.
    public let base: any Dataset
    /// What is done to each image.
    public let transform: any Transform
    /// The shape of a transformed image.
    public let sampleShape: Shape

    /// - Throws: `TensorError` where the transform does not take the images, or gives them different sizes.
    public init(_ base: any Dataset, _ transform: any Transform) throws {
        let shape = base.sampleShape
        let output = try transform.output(
            for: ImageFormat(channels: shape[0], height: shape[1], width: shape[2]))
        guard let sampleShape = output.shape else {
            throw TensorError(
                "transformed",
                "the images would have different sizes (\(output)). Let Resize, CenterCrop or RandomResizedCrop with two "
                    + "sizes end the transforms.")
        }
        (self.base, self.transform, self.sampleShape) = (base, transform, sampleShape)
    }

    public var count: Int { base.count }
    public var classNames: [String] { base.classNames }
    public var labels: [Int64] { base.labels }

    /// Throws always: transformed images are made by a ``DataLoader``.
    public func gather(
        _ indices: ArraySlice<Int>, images: UnsafeMutableBufferPointer<UInt8>,
        labels: UnsafeMutableBufferPointer<Int64>
    ) throws {
        throw TensorError("gather", "transformed images are floats: read them by a DataLoader.")
    }
}

extension Dataset {
    /// The data set with a transform that a loader applies to each image (torchvision's `transform:`).
    ///
    /// - Throws: `TensorError` where the transform does not take the images, or gives them different sizes.
    public func transformed(_ transform: any Transform) throws -> TransformedDataset {
        try TransformedDataset(self, transform)
    }
}
