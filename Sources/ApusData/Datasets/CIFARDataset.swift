/// A data set of colour images in the binary version of CIFAR's files (Krizhevsky: "Learning multiple layers of features
/// from tiny images", 2009).
///
/// Each record is one byte or two for the labels, the last of which counts, and 3,072 bytes: the planes red, green and
/// blue of 32×32 pixels.
public struct CIFARDataset: Sendable {
    /// The name on the command line and of the folder: `cifar10`.
    public let name: String
    /// The folder that the official archive holds: `cifar-10-batches-bin`.
    public let archiveFolder: String
    /// The official files of each split.
    public let trainFiles: [String]
    public let testFiles: [String]
    /// Bytes of labels before each image.
    public let labelBytes: Int
    /// The names of the classes, by label.
    public let classNames: [String]

    private static let side = 32

    /// CIFAR-10: 50,000 and 10,000 photographs of 10 classes.
    public static let cifar10 = CIFARDataset(
        name: "cifar10", archiveFolder: "cifar-10-batches-bin",
        trainFiles: (1...5).map { "data_batch_\($0).bin" }, testFiles: ["test_batch.bin"], labelBytes: 1,
        classNames: [
            "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
        ])

    /// CIFAR-100: 50,000 and 10,000 photographs of 100 classes; the coarse labels are skipped.
    public static let cifar100 = CIFARDataset(
        name: "cifar100", archiveFolder: "cifar-100-binary", trainFiles: ["train.bin"], testFiles: ["test.bin"],
        labelBytes: 2, classNames: cifar100ClassNames)

    /// How to get the data set, for the message when it is missing.
    public var hint: String {
        """
        Run apus data get \(name) (or, without a network, apus data get \(name) --from ARCHIVE), put the official files \
        (\(trainFiles.joined(separator: ", ")), \(testFiles.joined(separator: ", "))) into ~/.cache/apus/\(name)/, or \
        name their folder: \(name):FOLDER.
        """
    }

    /// The official files of a split.
    public func files(_ split: DatasetSplit) -> [String] { split == .train ? trainFiles : testFiles }

    /// Loads one split: images [N, 3, 32, 32] and labels [N].
    ///
    /// - Parameters:
    ///   - split: the training or the test images.
    ///   - folder: the folder of the files, or of the archive's folder with them; nil to look in the usual places.
    ///   - locator: where the usual places are.
    /// - Throws: `DataError`: `notFound` where files are missing, `truncated` where one is not whole records,
    ///   `labelOutOfRange` for a label without class name, `empty` without records, and those of damaged gzip data.
    public func load(
        _ split: DatasetSplit, folder: String? = nil, locator: DatasetLocator = DatasetLocator()
    ) throws -> ImageBytes {
        let paths = try locator.locate(
            name, files: files(split), folder: folder, subfolder: archiveFolder, hint: hint)
        var images: [UInt8] = []
        var labels: [Int64] = []
        for path in paths { try append(path, &images, &labels) }
        return ImageBytes(
            images: images, labels: labels, channels: 3, height: Self.side, width: Self.side, classNames: classNames)
    }

    private func append(_ path: String, _ images: inout [UInt8], _ labels: inout [Int64]) throws {
        let pixels = 3 * Self.side * Self.side
        let record = labelBytes + pixels
        let bytes = try content(path)
        guard !bytes.isEmpty else {
            throw DataError(path: path, reason: .empty, problem: "the file is empty", hint: "Fetch the file again.")
        }
        guard bytes.count % record == 0 else {
            throw DataError(
                path: path, reason: .truncated,
                problem:
                    "\(bytes.count) bytes are not a whole number of records of \(record) (\(labelBytes) for labels, "
                    + "3×32×32 for pixels)",
                hint: "The file was not copied completely, or is not the binary version of \(name): fetch it again.")
        }
        let count = bytes.count / record
        images.reserveCapacity(images.count + count * pixels)
        for index in 0..<count {
            let label = Int(bytes[index * record + labelBytes - 1])
            guard label < classNames.count else {
                throw DataError(
                    path: path, reason: .labelOutOfRange,
                    problem: "label \(label) at position \(index) is not in 0...\(classNames.count - 1)",
                    hint: "\(name) has \(classNames.count) classes: this is another data set or a damaged file.")
            }
            labels.append(Int64(label))
            images.append(contentsOf: bytes[(index * record + labelBytes)..<((index + 1) * record)])
        }
    }

    /// The bytes of a file, plain or gzipped by its first bytes.
    private func content(_ path: String) throws -> [UInt8] {
        let file = try InputFile(path: path)
        guard try file.starts(with: GzipReader.magic) else { return try InputFile.readAll(path: path) }
        // Ten times the largest official file.
        return try GzipReader.decompress(path: path, limit: 10 * 50_000 * (labelBytes + 3 * Self.side * Self.side))
    }
}
