import ApusGraph

/// Pictures in folders, one folder a class (`torchvision.datasets.ImageFolder`).
///
///     root/daisy/1.jpg  root/daisy/2.png  root/tulips/a/3.jpeg
///
/// Classes are the folders' names in the order of their code points, pictures likewise, also in folders of folders.
/// Pictures are RGB, as Pillow's `convert("RGB")` gives them. What a file is, its first bytes tell: its name does not
/// matter. Hidden files are ignored.
public struct ImageFolder: ImageDataset {
    /// What to do with files that cannot be used.
    public enum Unusable: Sendable, Hashable {
        /// An error that names the file.
        case stop
        /// Leave them out and list them in ``ImageFolder/skipped``.
        case skip
    }

    /// The folder of the class folders.
    public let root: String
    public let classNames: [String]
    public let labels: [Int64]
    /// The paths of the pictures.
    public let paths: [String]
    public let transform: (any Transform)?
    public let sampleShape: Shape
    /// The files that were left out, with the reason of each.
    public let skipped: [DataError]

    /// Lists the pictures of a folder; they are decoded when they are asked for.
    ///
    /// - Parameters:
    ///   - root: the folder of the class folders.
    ///   - transform: what a loader does to each picture. Without one all pictures must have one size.
    ///   - unusable: what to do with files that are no PNG or JPEG. Damaged pictures are found when they are decoded: see
    ///     ``DataLoader/ErrorPolicy``.
    /// - Throws: `DataError`: `notFound` where the folder is not there, `empty` without class folders, for one without
    ///   pictures, and without pictures at all; `unsupported` for a file that is no picture, unless they are skipped;
    ///   `countMismatch` where sizes differ and nothing makes them equal. `TensorError` where the transform does not.
    public init(_ root: String, transform: (any Transform)? = nil, unusable: Unusable = .stop) throws {
        let listing = try ClassFolders(root, unusable: unusable)
        try self.init(listing, transform: transform)
    }

    init(_ listing: ClassFolders, transform: (any Transform)?) throws {
        (root, classNames, paths, labels) = (listing.root, listing.classNames, listing.paths, listing.labels)
        skipped = listing.skipped
        self.transform = transform
        let format: ImageFormat
        if let transform {
            format = try transform.output(for: ImageFormat(channels: 3, height: nil, width: nil))
        } else {
            let size = try listing.commonSize()
            format = ImageFormat(channels: 3, height: size?.height, width: size?.width)
        }
        guard let shape = format.shape else {
            throw DataError(
                path: listing.root, reason: .countMismatch,
                problem: transform == nil
                    ? "the pictures have different sizes" : "the transform leaves pictures \(format)",
                hint: "Give a transform that ends with two sizes, as Compose([Resize(256), CenterCrop(224)]).")
        }
        sampleShape = shape
    }

    public var count: Int { paths.count }

    public var imageFormat: ImageFormat {
        guard transform == nil else { return ImageFormat(channels: 3, height: nil, width: nil) }
        return ImageFormat(channels: 3, height: sampleShape[1], width: sampleShape[2])
    }

    public func image(at index: Int) throws -> Image { try ImageFile.read(path: paths[index], mode: .rgb) }
}

extension ImageFolder {
    /// The usual transform of photographs for evaluation: the shorter side 256, and the middle 224×224.
    public static var evaluationTransform: Compose { Compose([Resize(256), CenterCrop(224)]) }

    /// Loads one split of a folder: `train/`, and `test/` or `val/`; without these a fifth of each class, drawn with the
    /// seed, is the test split.
    ///
    /// Pictures of one size stay as they are; others get the transform.
    ///
    /// - Parameters:
    ///   - split: the training or the test images.
    ///   - root: the folder.
    ///   - transform: for pictures of different sizes.
    ///   - seed: what the split depends on, beside the names.
    ///   - unusable: what to do with files that are no PNG or JPEG.
    /// - Throws: as ``init(_:transform:unusable:)``; `mislabelled` where the classes of the splits differ.
    public static func split(
        _ split: DatasetSplit, of root: String, transform: any Transform = evaluationTransform, seed: UInt64 = 0,
        unusable: Unusable = .stop
    ) throws -> any Dataset {
        func folder(_ listing: ClassFolders) throws -> ImageFolder {
            try ImageFolder(listing, transform: listing.commonSize() == nil ? transform : nil)
        }
        guard let splits = splitFolders(root) else {
            let all = try folder(ClassFolders(root, unusable: unusable))
            return Subset(all, fifth(of: all.labels, classCount: all.classNames.count, seed: seed, split))
        }
        let training = try ClassFolders(splits.train, unusable: unusable)
        let test = try ClassFolders(splits.test, unusable: unusable)
        guard training.classNames == test.classNames else {
            let difference = Set(training.classNames).symmetricDifference(test.classNames).sorted()
            throw DataError(
                path: root, reason: .mislabelled,
                problem: "\(splits.train) and \(splits.test) have different classes: "
                    + difference.joined(separator: ", ") + " only in one of them",
                hint: "Give both the same class folders.")
        }
        // One decision for both splits: a model takes one size.
        let sizes = try (training.commonSize(), test.commonSize())
        let isUniform = sizes.0 != nil && sizes.0 == sizes.1
        return try ImageFolder(split == .train ? training : test, transform: isUniform ? nil : transform)
    }

    private static func splitFolders(_ root: String) -> (train: String, test: String)? {
        let train = FolderListing.join(root, "train")
        guard FolderListing.isFolder(train) else { return nil }
        let tests = ["test", "val"].map { FolderListing.join(root, $0) }
        return tests.first(where: FolderListing.isFolder).map { (train, $0) }
    }

    /// A fifth of each class, at least one image of two, or the rest.
    private static func fifth(of labels: [Int64], classCount: Int, seed: UInt64, _ split: DatasetSplit) -> [Int] {
        var members = [[Int]](repeating: [], count: classCount)
        for (index, label) in labels.enumerated() { members[Int(label)].append(index) }
        // The constant ("split" in ASCII) keeps the draw apart from others of the same seed.
        let generator = Generator(seed: seed ^ 0x73_706C_6974)
        var chosen: [Int] = []
        for indices in members {
            let count = indices.count < 2 ? 0 : max(1, (indices.count + 2) / 5)
            let order = generator.permutation(indices.count)
            chosen += (split == .test ? order[..<count] : order[count...]).map { indices[$0] }
        }
        return chosen.sorted()
    }
}
