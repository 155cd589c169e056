import ApusGraph
import ApusTestSupport
import Foundation
import Testing

@testable import ApusData

@Suite struct ImageFolderTests {
    private func png(_ value: UInt8, _ width: Int = 4, _ height: Int = 4) throws -> [UInt8] {
        try PNG.encode(
            Image(width: width, height: height, channels: 1, samples: [UInt8](repeating: value, count: width * height)))
    }

    @Test func classesAndPicturesAreSorted() throws {
        let folder = try TemporaryFolder()
        try folder.write(png(1), to: "b/2.png")
        try folder.write(png(2), to: "b/10.png")
        try folder.write(
            JPEG.encode(Image(width: 4, height: 4, channels: 1, samples: [UInt8](repeating: 3, count: 16))),
            to: "a/deep/x.JPEG")
        try folder.write(png(4), to: "a/y.dat")
        try folder.write(png(9), to: "Z/.hidden.png")
        try folder.write(png(5), to: "Z/c.png")
        try folder.write([1], to: "notes.txt")
        let data = try ImageFolder(folder.path)
        #expect(data.classNames == ["Z", "a", "b"])
        #expect(
            data.paths.map { String($0.dropFirst(folder.path.count + 1)) } == [
                "Z/c.png", "a/deep/x.JPEG", "a/y.dat", "b/10.png", "b/2.png",
            ])
        #expect(data.labels == [0, 1, 1, 2, 2])
        #expect(data.sampleShape == [3, 4, 4])
        let batches = Array(DataLoader(data, batchSize: 5))
        #expect(batches[0].images.shape == [5, 3, 4, 4])
        let pixels = batches[0].images.array(as: Float.self)
        let firsts: [Int] = (0..<5).map { index in Int((pixels[index * 48] * 255).rounded()) }
        #expect(firsts == [5, 3, 4, 2, 1])
        #expect(batches[0].labels.array(as: Int.self) == [0, 1, 1, 2, 2])
    }

    @Test func filesThatAreNoPicturesStopOrAreSkipped() throws {
        let folder = try TemporaryFolder()
        try folder.write(png(1), to: "a/1.png")
        let gif = try folder.write(Array("GIF89a........".utf8), to: "a/2.gif")
        try folder.write(Array("text".utf8), to: "a/readme.txt")
        let error = #expect(throws: DataError.self) { try ImageFolder(folder.path) }
        #expect(error?.path == gif)
        #expect(error?.problem.contains("a GIF") == true)
        let data = try ImageFolder(folder.path, unusable: .skip)
        #expect(data.count == 1)
        #expect(data.skipped.map(\.path) == [gif, folder.file("a/readme.txt")])
    }

    /// A GIF, a cut and an empty file that are called JPEG are found when they are decoded.
    @Test func damagedPicturesStopOrAreSkipped() throws {
        let folder = try TemporaryFolder()
        for index in 0..<6 { try folder.write(png(UInt8(index)), to: "a/\(index).png") }
        try folder.write(Array("GIF89a........".utf8), to: "a/1.png")
        try folder.write(Array(png(7).prefix(40)), to: "a/3.png")
        try folder.write([], to: "a/4.png")
        let data = try ImageFolder(folder.path)
        let stopping = DataLoader(data, batchSize: 2)
        #expect(Array(stopping).isEmpty)
        let error = #expect(throws: DataError.self) { try stopping.check() }
        #expect(error?.path == folder.file("a/1.png"))
        for workers in [1, 2] {
            let skipping = DataLoader(data, batchSize: 2, workers: workers, onError: .skip)
            let sizes = skipping.map { $0.labels.count }
            #expect(sizes == [1, 1, 1])
            try skipping.check()
            #expect(skipping.skippedCount == 3)
            #expect(
                skipping.skipped.compactMap { ($0 as? DataError)?.path }
                    == ["a/1.png", "a/3.png", "a/4.png"].map(folder.file))
        }
        // A batch that is skipped as a whole is passed over.
        let pairs = DataLoader(Subset(data, [0, 1, 3, 4, 5]), batchSize: 1, onError: .skip)
        #expect(pairs.map { $0.labels.count } == [1, 1])
    }

    @Test func differentSizesNeedATransform() throws {
        let folder = try TemporaryFolder()
        try folder.write(png(10, 4, 6), to: "a/1.png")
        try folder.write(png(20, 40, 30), to: "a/2.png")
        try folder.write(png(30, 1, 1), to: "b/3.png")
        let error = #expect(throws: DataError.self) { try ImageFolder(folder.path) }
        #expect(error?.hint.contains("Resize") == true)
        #expect(throws: DataError.self) { try ImageFolder(folder.path, transform: Resize(5)) }
        let data = try ImageFolder(folder.path, transform: Resize([5, 7]))
        #expect(data.sampleShape == [3, 5, 7])
        for (images, _) in DataLoader(
            data, batchSize: 3, transform: Compose([ToTensor(), Normalize(mean: [0.5], std: [0.5])]))
        {
            #expect(images.shape == [3, 3, 5, 7])
            let pixels = images.array(as: Float.self)
            #expect(pixels[0] == (Float(10) / 255 - 0.5) / 0.5)
            #expect(pixels[3 * 35 * 2] == (Float(30) / 255 - 0.5) / 0.5)
        }
        let split = try ImageFolder.split(.train, of: folder.path)
        #expect(split.sampleShape == [3, 224, 224])
    }

    @Test func splits() throws {
        let folder = try TemporaryFolder()
        for index in 0..<20 {
            try folder.write(png(UInt8(index)), to: "\(index % 2 == 0 ? "even" : "odd")/\(index).png")
        }
        let (train, test) = (
            try ImageFolder.split(.train, of: folder.path), try ImageFolder.split(.test, of: folder.path)
        )
        let indices = try [train, test].map { try #require($0 as? Subset).indices }
        #expect(indices.map(\.count) == [16, 4])
        #expect((indices[0] + indices[1]).sorted() == Array(0..<20))
        #expect(test.labels == [0, 0, 1, 1])
        #expect(try #require(ImageFolder.split(.test, of: folder.path, seed: 1) as? Subset).indices != indices[1])
        #expect(try #require(ImageFolder.split(.test, of: folder.path) as? Subset).indices == indices[1])

        let folders = try TemporaryFolder()
        for name in ["train/a/1.png", "train/b/2.png", "val/a/3.png", "val/b/4.png", "test/a/5.png"] {
            try folders.write(png(1), to: name)
        }
        // The classes of train and test differ.
        let error = #expect(throws: DataError.self) { try ImageFolder.split(.train, of: folders.path) }
        #expect(error?.problem.contains(": b only") == true)
        try folders.write(png(1), to: "test/b/6.png")
        #expect(try ImageFolder.split(.test, of: folders.path).count == 2)
        #expect(try DatasetRegistry.standard.load(DatasetReference("folder:\(folders.path)"), .train).count == 2)
        #expect(throws: DatasetNameError.self) { try DatasetRegistry.standard.load(DatasetReference("folder"), .train) }
    }

    @Test func emptyFoldersAreNamed() throws {
        let folder = try TemporaryFolder()
        #expect(#expect(throws: DataError.self) { try ImageFolder(folder.path) }?.reason == .empty)
        #expect(#expect(throws: DataError.self) { try ImageFolder(folder.path + "/none") }?.reason == .notFound)
        try folder.write([1], to: "a/.hidden")
        let error = #expect(throws: DataError.self) { try ImageFolder(folder.path) }
        #expect(error?.path == folder.file("a"))
    }

    @Test(.enabled(if: ProjectFolder.sharedData("flowers") != nil, "skipped: ../shared/data/flowers is not there"))
    func flowers() throws {
        let root = try #require(ProjectFolder.sharedData("flowers"))
        let train = try DatasetRegistry.standard.load(DatasetReference("folder:\(root)"), .train)
        #expect(train.count == 300)
        #expect(train.classNames == ["daisy", "dandelion", "roses", "sunflowers", "tulips"])
        #expect(train.sampleShape == [3, 224, 224])
        let loader = DataLoader(
            try DatasetRegistry.standard.load(DatasetReference("folder:\(root)"), .test), batchSize: 32)
        #expect(loader.map { $0.images.shape[0] } == [32, 32, 32, 4])
        try loader.check()
    }
}
