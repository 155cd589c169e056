/// The data sets that can be named on the command line.
public struct DatasetRegistry: Sendable {
    /// Loads one split, from a folder or, where it is nil, from the usual places.
    public typealias Load = @Sendable (DatasetSplit, _ folder: String?, FolderOptions) throws -> any Dataset

    /// What only folders of pictures need.
    public struct FolderOptions: Sendable {
        /// What to do with files in class folders that are no pictures.
        public let unusable: ImageFolder.Unusable
        /// What makes pictures of different sizes alike.
        public let sizing: any Transform
    }

    private let loaders: [(name: String, load: Load)]

    /// The data sets of this module, in the order in which they are listed.
    public static let standard = DatasetRegistry([
        ("fashion-mnist", { split, folder, _ in try FashionMNIST(split, at: folder) }),
        ("mnist", { split, folder, _ in try MNIST(split, at: folder) }),
        ("cifar10", { split, folder, _ in try CIFAR10(split, at: folder) }),
        ("cifar100", { split, folder, _ in try CIFAR100(split, at: folder) }),
        (
            "folder",
            { split, folder, options in
                guard let folder else {
                    throw DatasetNameError(text: "folder", problem: "the folder is missing: folder:PATH.")
                }
                return try ImageFolder.split(
                    split, of: folder, transform: options.sizing, unusable: options.unusable)
            }
        ),
    ])

    /// Creates a registry of data sets by name.
    public init(_ loaders: [(name: String, load: Load)]) {
        self.loaders = loaders
    }

    /// The known names, in the order in which they are listed.
    public var names: [String] { loaders.map { $0.name } }

    /// Checks the name of a data set, without looking for its files.
    ///
    /// - Throws: `DatasetNameError` that lists the known names.
    public func check(_ reference: DatasetReference) throws {
        _ = try loader(of: reference)
    }

    /// Loads one split of a data set.
    ///
    /// - Parameters:
    ///   - split: the training or the test images.
    ///   - reference: the data set's name, and maybe its path.
    ///   - unusable: what to do with files in class folders that are no PNG or JPEG.
    ///   - sizing: what makes the pictures of folders alike where their sizes differ.
    /// - Throws: `DatasetNameError` that lists the known names; `DataError` where files are missing or damaged.
    public func load(
        _ reference: DatasetReference, _ split: DatasetSplit, unusable: ImageFolder.Unusable = .stop,
        sizing: any Transform = ImageFolder.evaluationTransform
    ) throws -> any Dataset {
        try loader(of: reference)(split, reference.folder, FolderOptions(unusable: unusable, sizing: sizing))
    }

    private func loader(of reference: DatasetReference) throws -> Load {
        guard let entry = loaders.first(where: { $0.name == reference.name }) else {
            throw DatasetNameError(
                text: reference.name,
                problem: "there is no data set of this name. Known are: \(names.joined(separator: ", ")).")
        }
        return entry.load
    }
}

/// A data set as it is named on the command line: `NAME`, or `NAME:PATH` with the folder of its files.
public struct DatasetReference: Sendable, Equatable, CustomStringConvertible {
    /// The name: `fashion-mnist`.
    public let name: String
    /// The folder of the files, or nil for the usual places (``DatasetLocator``).
    public let folder: String?

    /// Reads `NAME` or `NAME:PATH`; the path may hold further colons.
    ///
    /// - Throws: `DatasetNameError` where the name or the path is empty.
    public init(_ text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let folder = parts.count == 2 ? String(parts[1]) : nil
        guard let name = parts.first, !name.isEmpty, folder?.isEmpty != true else {
            throw DatasetNameError(text: text, problem: "a data set is named NAME or NAME:PATH, as fashion-mnist.")
        }
        self.name = String(name)
        self.folder = folder
    }

    public var description: String { folder.map { "\(name):\($0)" } ?? name }
}

/// A name that stands for no data set.
public struct DatasetNameError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was given.
    public let text: String
    /// What is wrong with it, and what would be right.
    public let problem: String

    public init(text: String, problem: String) { (self.text, self.problem) = (text, problem) }

    /// The exit status of a program that stops because of this error: 64 (`EX_USAGE` of sysexits.h).
    public var exitCode: Int32 { 64 }

    public var description: String { "\"\(text)\": \(problem)" }
}
