import ApusData

/// Where a data set is published, and what must be in it.
public struct DatasetSource: Sendable {
    /// A file to download.
    public struct File: Sendable {
        /// Its name at the publisher's.
        public let name: String
        /// The published digest, MD5.
        public let md5: String

        public init(_ name: String, md5: String) { (self.name, self.md5) = (name, md5) }
    }

    /// The name on the command line.
    public let name: String
    /// The folders that it is published in, each with a slash at its end, in the order in which they are tried.
    public let mirrors: [String]
    /// The files to download.
    public let files: [File]
    /// The files that the data set consists of, without `.gz`.
    public let contents: [String]
    /// Whether the download is an archive of the contents, and not the contents themselves.
    public let isArchive: Bool

    public init(name: String, mirrors: [String], files: [File], contents: [String], isArchive: Bool) {
        (self.name, self.mirrors, self.files) = (name, mirrors, files)
        (self.contents, self.isArchive) = (contents, isArchive)
    }

    /// The sources of all data sets that can be fetched. Digests are those of the publishers, as torchvision has them;
    /// those of CIFAR's binary versions stand on its page.
    public static let all: [DatasetSource] = [
        idx(
            "fashion-mnist", ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
            [
                "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe",
                "bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310",
            ]),
        idx(
            "mnist", ["https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"],
            [
                "f68b3c2dcbeaaa9fbdd348bbdeb94873", "d53e105ee54ea40749a09fcbcd1e9432",
                "9fb629c4189551a2d022fa330f9573f3", "ec29112dd5afa0611ce80d1b7f02629c",
            ]),
        cifar(.cifar10, File("cifar-10-binary.tar.gz", md5: "c32a1d4ab5d03f1284b67883e8d87530")),
        cifar(.cifar100, File("cifar-100-binary.tar.gz", md5: "03b5dce01913d631647c71ecec9e9cb8")),
    ]

    /// The source of a data set.
    ///
    /// - Throws: `DatasetNameError` that lists the names.
    public static func named(_ name: String) throws -> DatasetSource {
        guard let source = all.first(where: { $0.name == name }) else {
            throw DatasetNameError(
                text: name,
                problem: "this data set cannot be fetched. These can: \(all.map(\.name).joined(separator: ", ")).")
        }
        return source
    }

    private static func idx(_ name: String, _ mirrors: [String], _ digests: [String]) -> DatasetSource {
        let names = [
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
        ]
        return DatasetSource(
            name: name, mirrors: mirrors, files: zip(names, digests).map { File($0 + ".gz", md5: $1) },
            contents: names, isArchive: false)
    }

    private static func cifar(_ dataset: CIFARDataset, _ file: File) -> DatasetSource {
        DatasetSource(
            name: dataset.name, mirrors: ["https://www.cs.toronto.edu/~kriz/"], files: [file],
            contents: dataset.trainFiles + dataset.testFiles, isArchive: true)
    }
}
