/// A data set of gray images in four IDX files: MNIST and those made in its image.
///
/// The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, plain or with `.gz`.
public struct IDXDataset: Sendable {
    /// The name on the command line and of the folder: `fashion-mnist`.
    public let name: String
    /// The names of the classes, by label.
    public let classNames: [String]
    /// How to get the data set, for the message when it is missing.
    public let hint: String

    /// Fashion-MNIST: 60,000 and 10,000 images of clothing, 28×28 (Xiao, Rasul and Vollgraf, 2017).
    public static let fashionMNIST = IDXDataset(
        name: "fashion-mnist",
        classNames: [
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
        ],
        hint: """
            Install the Debian or Ubuntu package dataset-fashion-mnist (apt-get install dataset-fashion-mnist), or put \
            the four official files into ~/.cache/apus/fashion-mnist/, or name their folder: fashion-mnist:FOLDER.
            """)

    /// MNIST: 60,000 and 10,000 images of handwritten digits, 28×28 (LeCun, Cortes and Burges, 1998).
    public static let mnist = IDXDataset(
        name: "mnist", classNames: (0...9).map { String($0) },
        hint: """
            Run apus data get mnist (or, without a network, apus data get mnist --from FOLDER), put the four official \
            files (train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, \
            t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz) into ~/.cache/apus/mnist/, or name their folder: \
            mnist:FOLDER.
            """)

    /// Loads one split: images [N, 1, H, W] and labels [N].
    ///
    /// - Parameters:
    ///   - split: the images to train with, or those to test with.
    ///   - folder: the folder of the files, or nil to look in the usual places (`DatasetLocator`).
    ///   - locator: where the usual places are.
    /// - Throws: `DataError`: `notFound` where the files are missing; the errors of `IDXFile`; `countMismatch` where
    ///   the numbers of images and labels differ, `labelOutOfRange` for a label without class name, `empty` without
    ///   images.
    public func load(
        _ split: DatasetSplit, folder: String? = nil, locator: DatasetLocator = DatasetLocator()
    ) throws -> ImageBytes {
        let prefix = split == .train ? "train" : "t10k"
        let files = ["\(prefix)-images-idx3-ubyte", "\(prefix)-labels-idx1-ubyte"]
        let paths = try locator.locate(name, files: files, folder: folder, hint: hint)
        // The labels first: they are small, and most mistakes show there.
        let labels = try IDXFile(path: paths[1], dimensionCount: 1)
        try check(labels: labels.bytes, path: paths[1])
        let images = try IDXFile(path: paths[0], dimensionCount: 3)
        let count = images.dimensions[0]
        guard count == labels.bytes.count else {
            throw DataError(
                path: paths[0], reason: .countMismatch,
                problem: "there are \(count) images, and \(labels.bytes.count) labels in \(paths[1])",
                hint: "The two files must be of the same split of the same data set: fetch both again.")
        }
        guard !images.bytes.isEmpty else {
            throw DataError(
                path: paths[0], reason: .empty,
                problem: "the file holds no pixels (\(images.dimensions.map(String.init).joined(separator: "×")))",
                hint: "Fetch the file again.")
        }
        return ImageBytes(
            images: images.bytes, labels: labels.bytes.map { Int64($0) }, channels: 1,
            height: images.dimensions[1], width: images.dimensions[2], classNames: classNames)
    }

    private func check(labels: [UInt8], path: String) throws {
        guard let position = labels.firstIndex(where: { Int($0) >= classNames.count }) else { return }
        throw DataError(
            path: path, reason: .labelOutOfRange,
            problem: "label \(labels[position]) at position \(position) is not in 0...\(classNames.count - 1)",
            hint: "\(name) has \(classNames.count) classes: this is another data set or a damaged file.")
    }
}
