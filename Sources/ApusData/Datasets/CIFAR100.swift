/// CIFAR-100: 50,000 photographs to train on and 10,000 to test on, colour, 32×32, 100 classes (Krizhevsky: "Learning
/// multiple layers of features from tiny images", 2009; `torchvision.datasets.CIFAR100`).
public struct CIFAR100: InMemoryDataset {
    public let data: ImageBytes

    /// Loads one split.
    ///
    /// - Parameters:
    ///   - split: the training or the test images.
    ///   - folder: the folder of the binary version's files, or nil to look in the usual places (``DatasetLocator``).
    ///   - locator: where the usual places are.
    /// - Throws: `DataError` where files are missing or damaged; see ``CIFARDataset/load(_:folder:locator:)``.
    public init(
        _ split: DatasetSplit, at folder: String? = nil, locator: DatasetLocator = DatasetLocator()
    ) throws {
        data = try CIFARDataset.cifar100.load(split, folder: folder, locator: locator)
    }
}
