import ApusGraph

/// A data set as a loader reads it: subsets and transforms are taken off, layer by layer, down to what makes the images.
struct LoaderSource {
    /// What makes the images.
    let base: any Dataset
    /// The position in `base` of each image; nil where they are the same.
    let positions: [Int]?
    /// What is done to each image, one after the other.
    let transforms: [any Transform]
    /// The same as it is run.
    let pipeline: Pipeline
    /// The shape of what comes out.
    let sampleShape: Shape
    private let labels: [Int64]

    /// - Parameter transform: the loader's own, which comes last.
    /// - Throws: `TensorError` where the transform does not take the images or leaves them of different sizes.
    init(_ dataset: any Dataset, transform: (any Transform)?) throws {
        var (base, positions): (any Dataset, [Int]?) = (dataset, nil)
        var transforms = transform.map { [$0] } ?? []
        while true {
            if let subset = base as? Subset {
                positions = positions.map { $0.map { subset.indices[$0] } } ?? subset.indices
                base = subset.base
            } else if let transformed = base as? TransformedDataset {
                transforms.insert(transformed.transform, at: 0)
                base = transformed.base
            } else {
                break
            }
        }
        let pictures = base as? any ImageDataset
        if let inner = pictures?.transform { transforms.insert(inner, at: 0) }
        let shape = base.sampleShape
        let format =
            pictures?.imageFormat ?? ImageFormat(channels: shape[0], height: shape[1], width: shape[2])
        guard let output = try Compose(transforms).output(for: format).shape else {
            throw TensorError(
                "DataLoader",
                "images would have different sizes. Let Resize, CenterCrop or RandomResizedCrop with two sizes end the "
                    + "transforms.")
        }
        (self.base, self.positions, sampleShape) = (base, positions, output)
        self.transforms = Pipeline.flatten(Compose(transforms))
        pipeline = Pipeline(Compose(transforms))
        labels = base.labels
    }

    /// The images, where all of them lie in memory as bytes.
    var bytes: ImageBytes? { (base as? any InMemoryDataset)?.data ?? base as? ImageBytes }

    /// The position in `base` of the image at `index`.
    func position(_ index: Int) -> Int { positions?[index] ?? index }

    /// The label of an image of `base`.
    func label(_ position: Int) -> Int64 { labels[position] }
}
