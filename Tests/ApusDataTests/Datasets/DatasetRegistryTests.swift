import ApusEngine
import ApusGraph
import ApusTestSupport
import Testing

@testable import ApusData

@Suite("Data sets by name")
struct DatasetRegistryTests {
    @Test(
        arguments: [
            ("mnist", "mnist", nil), ("mnist:data/mnist", "mnist", "data/mnist"), ("mnist:a:b", "mnist", "a:b"),
            ("fashion-mnist:~/x", "fashion-mnist", "~/x"),
        ] as [(String, String, String?)])
    func namesAndPaths(text: String, name: String, folder: String?) throws {
        let reference = try DatasetReference(text)
        #expect(reference.name == name)
        #expect(reference.folder == folder)
        #expect(reference.description == text)
    }

    @Test(arguments: ["", ":", ":folder", "mnist:"])
    func halfNames(text: String) {
        let error = #expect(throws: DatasetNameError.self) { try DatasetReference(text) }
        #expect(error?.exitCode == 64)
        #expect(error?.description == "\"\(text)\": a data set is named NAME or NAME:PATH, as fashion-mnist.")
    }

    @Test func unknownNamesListTheKnown() throws {
        let reference = try DatasetReference("imagenet:somewhere")
        let error = #expect(throws: DatasetNameError.self) { try DatasetRegistry.standard.load(reference, .train) }
        #expect(
            error?.description
                == "\"imagenet\": there is no data set of this name. Known are: fashion-mnist, mnist, cifar10, cifar100, folder."
        )
        #expect(throws: DatasetNameError.self) { try DatasetRegistry.standard.check(reference) }
        try DatasetRegistry.standard.check(DatasetReference("mnist:nowhere"))
    }

    @Test func loadsFromTheNamedFolder() throws {
        let folder = try TemporaryFolder()
        try folder.write(gzipped(idx([3, 2, 4], pattern(24))), to: "train-images-idx3-ubyte.gz")
        try folder.write(idx([3], [9, 0, 4]), to: "train-labels-idx1-ubyte")
        for name in ["fashion-mnist", "mnist"] {
            let dataset = try DatasetRegistry.standard.load(DatasetReference("\(name):\(folder.path)"), .train)
            #expect(dataset.count == 3)
            #expect(dataset.sampleShape == [1, 2, 4])
            #expect(dataset.classNames.count == 10)
            let batches = Array(DataLoader(dataset, batchSize: 2))
            #expect(batches.flatMap { $0.images.array(as: Float.self) } == pattern(24).map { Float($0) / 255 })
            #expect(batches.flatMap { $0.labels.array(as: Int.self) } == [9, 0, 4])
            let error = #expect(throws: DataError.self) {
                try DatasetRegistry.standard.load(DatasetReference("\(name):\(folder.path)"), .test)
            }
            #expect(error?.exitCode == 66)
        }
    }

    @Test func datasetsByType() throws {
        let folder = try TemporaryFolder()
        try folder.write(idx([1, 1, 2], [5, 6]), to: "t10k-images-idx3-ubyte")
        try folder.write(idx([1], [9]), to: "t10k-labels-idx1-ubyte")
        #expect(try FashionMNIST(.test, at: folder.path).classNames[9] == "Ankle boot")
        #expect(try MNIST(.test, at: folder.path).data.images == [5, 6])
        #expect(throws: DataError.self) { try MNIST(.train, at: folder.path) }
    }

    @Test(
        .enabled(
            if: InstalledDatasetTests.isInstalled(.fashionMNIST),
            "skipped: the package dataset-fashion-mnist is not installed"))
    func fashionMNISTInBatches() throws {
        let dataset = try FashionMNIST(.test)
        var classCounts = Array(repeating: 0, count: 10)
        var sizes: [Int] = []
        for (images, labels) in DataLoader(dataset, batchSize: 256, shuffle: true) {
            sizes.append(images.shape[0])
            for label in labels.array(as: Int.self) { classCounts[label] += 1 }
        }
        #expect(sizes == Array(repeating: 256, count: 39) + [16])
        #expect(classCounts == Array(repeating: 1_000, count: 10))
    }
}
