/// Fashion-MNIST: 60,000 images of clothing to train on and 10,000 to test on, gray, 28×28, 10 classes (Xiao, Rasul and
/// Vollgraf: "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms", 2017;
/// `torchvision.datasets.FashionMNIST`).
public struct FashionMNIST: InMemoryDataset {
    public let data: ImageBytes

    /// Loads one split.
    ///
    /// - Parameters:
    ///   - split: the images to train with, or those to test with.
    ///   - folder: the folder of the IDX files, or nil to look in the usual places (``DatasetLocator``).
    ///   - locator: where the usual places are.
    /// - Throws: `DataError` where files are missing or damaged; see ``IDXDataset/load(_:folder:locator:)``.
    public init(
        _ split: DatasetSplit, at folder: String? = nil, locator: DatasetLocator = DatasetLocator()
    ) throws {
        data = try IDXDataset.fashionMNIST.load(split, folder: folder, locator: locator)
    }
}
