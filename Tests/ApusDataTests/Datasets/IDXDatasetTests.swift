import ApusTestSupport
import Testing

@testable import ApusData

@Suite("IDXDataset")
struct IDXDatasetTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func load(images: [UInt8], labels: [UInt8]) throws -> ImageBytes {
        try folder.write(images, to: "train-images-idx3-ubyte")
        try folder.write(labels, to: "train-labels-idx1-ubyte")
        return try IDXDataset.mnist.load(.train, folder: folder.path)
    }

    private func error(images: [UInt8], labels: [UInt8]) -> DataError? {
        #expect(throws: DataError.self) { try load(images: images, labels: labels) }
    }

    @Test func loads() throws {
        let data = try load(images: idx([3, 2, 4], pattern(24)), labels: gzipped(idx([3], [9, 0, 4])))
        #expect(data.images == pattern(24))
        #expect(data.labels == [9, 0, 4])
        #expect([data.count, data.channels, data.height, data.width] == [3, 1, 2, 4])
        #expect(data.classNames == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
    }

    @Test func testFilesHaveTheirOwnNames() throws {
        try folder.write(idx([1, 1, 2], [5, 6]), to: "t10k-images-idx3-ubyte")
        try folder.write(idx([1], [9]), to: "t10k-labels-idx1-ubyte")
        let data = try IDXDataset.fashionMNIST.load(.test, folder: folder.path)
        #expect(data.images == [5, 6])
        #expect(data.classNames[Int(data.labels[0])] == "Ankle boot")
        let error = #expect(throws: DataError.self) {
            try IDXDataset.fashionMNIST.load(.train, folder: folder.path)
        }
        #expect(error?.reason == .notFound)
        #expect(error?.hint.contains("apt-get install dataset-fashion-mnist") == true)
    }

    @Test func countsMustAgree() throws {
        let error = error(images: idx([2, 1, 1], [1, 2]), labels: idx([3], [1, 2, 3]))
        #expect(error?.reason == .countMismatch)
        #expect(error?.problem.hasPrefix("there are 2 images, and 3 labels in ") == true)
    }

    @Test func labelsMustBeClasses() throws {
        let error = error(images: idx([3, 1, 1], [1, 2, 3]), labels: idx([3], [1, 10, 3]))
        #expect(error?.reason == .labelOutOfRange)
        #expect(error?.problem == "label 10 at position 1 is not in 0...9")
        #expect(error?.path.hasSuffix("train-labels-idx1-ubyte") == true)
        #expect(error?.exitCode == 65)
    }

    @Test func swappedFilesAreTold() throws {
        #expect(error(images: idx([1], [1]), labels: idx([1, 1, 1], [1]))?.reason == .mislabelled)
        #expect(error(images: idx([1], [1]), labels: idx([1], [1]))?.reason == .mislabelled)
    }

    @Test(arguments: [[0, 28, 28], [0, 0, 0]] as [[UInt32]])
    func emptySetsThrow(dimensions: [UInt32]) throws {
        #expect(error(images: idx(dimensions, []), labels: idx([0], []))?.reason == .empty)
    }

    @Test func damagedImagesAreNamed() throws {
        let images = try gzipped(idx([3, 2, 4], pattern(24)))
        let error = error(images: Array(images.dropLast(5)), labels: idx([3], [1, 2, 3]))
        #expect(error?.reason == .truncated)
        #expect(error?.path.hasSuffix("train-images-idx3-ubyte") == true)
    }
}

/// The real sets, where they are installed.
@Suite("Installed data sets")
struct InstalledDatasetTests {
    /// Whether both splits of `dataset` are in one of the usual places.
    static func isInstalled(_ dataset: IDXDataset) -> Bool {
        let files = ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"]
        return (try? DatasetLocator().locate(dataset.name, files: files, hint: "")) != nil
    }

    /// The mean pixel is compared with the published one (Fashion-MNIST 0.2860, MNIST 0.1307), rounded to 4 digits.
    private func checkMean(_ data: ImageBytes, equals mean: Double) {
        let sum = data.images.withUnsafeBufferPointer { $0.reduce(0) { $0 + Int($1) } }
        #expect(abs(Double(sum) / Double(data.images.count) / 255 - mean) <= 0.00005)
    }

    private func classCounts(_ data: ImageBytes) -> [Int] {
        data.labels.reduce(into: Array(repeating: 0, count: 10)) { $0[Int($1)] += 1 }
    }

    @Test(.enabled(if: isInstalled(.fashionMNIST), "skipped: the package dataset-fashion-mnist is not installed"))
    func fashionMNIST() throws {
        let train = try IDXDataset.fashionMNIST.load(.train)
        #expect([train.count, train.channels, train.height, train.width] == [60_000, 1, 28, 28])
        #expect(train.labels.prefix(10) == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5])
        #expect(classCounts(train) == Array(repeating: 6_000, count: 10))
        checkMean(train, equals: 0.2860)
        let test = try IDXDataset.fashionMNIST.load(.test)
        #expect([test.count, test.channels, test.height, test.width] == [10_000, 1, 28, 28])
        #expect(classCounts(test) == Array(repeating: 1_000, count: 10))
        #expect(test.labels.prefix(5) == [9, 2, 1, 1, 6])
    }

    @Test(.enabled(if: isInstalled(.mnist), "skipped: MNIST is in none of the usual places"))
    func mnist() throws {
        let train = try IDXDataset.mnist.load(.train)
        #expect([train.count, train.channels, train.height, train.width] == [60_000, 1, 28, 28])
        #expect(classCounts(train) == [5_923, 6_742, 5_958, 6_131, 5_842, 5_421, 5_918, 6_265, 5_851, 5_949])
        checkMean(train, equals: 0.1307)
        #expect(try IDXDataset.mnist.load(.test).count == 10_000)
    }
}
