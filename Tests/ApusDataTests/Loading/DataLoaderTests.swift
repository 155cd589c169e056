import ApusEngine
import ApusGraph
import Testing

@testable import ApusData

@Suite("DataLoader")
struct DataLoaderTests {
    @Test(arguments: [0, 1, 2, 5])
    func batchesFollowTheDataSet(prefetch: Int) throws {
        let loader = DataLoader(numberedImages(10), batchSize: 4, prefetch: prefetch)
        #expect(loader.batchCount == 3)
        #expect(try numbers(loader) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
    }

    @Test func batchesAreTensors() throws {
        let images = ImageBytes(
            images: pattern(5 * 3 * 2 * 4), labels: [4, 3, 2, 1, 0], channels: 3, height: 2, width: 4,
            classNames: ["a", "b", "c", "d", "e"])
        let batches = Array(DataLoader(images, batchSize: 3))
        #expect(batches.map(\.images.shape) == [[3, 3, 2, 4], [2, 3, 2, 4]])
        #expect(batches.map(\.labels.shape) == [[3], [2]])
        #expect(batches.allSatisfy { $0.images.dtype == .float32 && $0.labels.dtype == .int64 })
        #expect(batches.flatMap { $0.labels.array(as: Int64.self) } == [4, 3, 2, 1, 0])
        #expect(batches.flatMap { $0.images.array(as: Float.self) } == images.images.map { Float($0) / 255 })
    }

    /// ToTensor divides by 255 in single precision; the numbers are PyTorch's for these bytes.
    @Test func pixelsAreDivided() {
        let images = ImageBytes(
            images: (0...255).map { UInt8($0) }, labels: [0], channels: 1, height: 16, width: 16, classNames: ["a"])
        let pixels = DataLoader(images).flatMap { $0.images.array(as: Float.self) }
        #expect(pixels == (0...255).map { Float($0) / 255 })
        #expect(pixels[0] == 0 && pixels[51] == 0.2 && pixels[255] == 1)
        let products = (0...255).map { Float($0) * (1 / 255) }
        #expect(zip(pixels, products).filter { $0 != $1 }.count == 126)
    }

    @Test func dropLast() throws {
        let loader = DataLoader(numberedImages(10), batchSize: 4, dropLast: true)
        #expect(loader.batchCount == 2)
        #expect(try numbers(loader) == [[0, 1, 2, 3], [4, 5, 6, 7]])
        #expect(try numbers(DataLoader(numberedImages(8), batchSize: 4)).count == 2)
        #expect(try numbers(DataLoader(numberedImages(3), batchSize: 4, dropLast: true)).isEmpty)
        #expect(try numbers(DataLoader(numberedImages(3), batchSize: 4)) == [[0, 1, 2]])
    }

    @Test(arguments: [1, 7, 64, 200, 300])
    func eachImageComesOnce(batchSize: Int) throws {
        let loader = DataLoader(numberedImages(200), batchSize: batchSize, shuffle: true, seed: 3)
        for _ in 0..<3 {
            let order = try numbers(loader).flatMap { $0 }
            #expect(order != Array(0..<200))
            #expect(order.sorted() == Array(0..<200))
        }
    }

    @Test func labelsStayWithTheirImages() {
        for (images, labels) in DataLoader(numberedImages(100), batchSize: 7, shuffle: true) {
            #expect(labels.array(as: Int.self) == numbers(images).map { $0 % 10 })
        }
    }

    @Test func orderDependsOnSeedAndEpochOnly() throws {
        func orders(seed: UInt64, batchSize: Int, prefetch: Int = 2) throws -> [[Int]] {
            let loader = DataLoader(
                numberedImages(100), batchSize: batchSize, shuffle: true, seed: seed, prefetch: prefetch)
            return try (0..<3).map { _ in try numbers(loader).flatMap { $0 } }
        }
        let first = try orders(seed: 0, batchSize: 8)
        #expect(try orders(seed: 0, batchSize: 8) == first)
        #expect(try orders(seed: 0, batchSize: 33, prefetch: 0) == first)
        let all = try first + orders(seed: 1, batchSize: 8) + orders(seed: 1 << 40, batchSize: 8)
        #expect(Set(all).count == 9)
    }

    @Test func epochCanBeSet() throws {
        let loader = DataLoader(numberedImages(50), batchSize: 50, shuffle: true, seed: 5)
        let orders = try (0..<4).map { _ in try numbers(loader) }
        #expect(loader.epoch == 4)
        let resumed = DataLoader(numberedImages(50), batchSize: 50, shuffle: true, seed: 5)
        resumed.epoch = 2
        #expect(try numbers(resumed) == orders[2])
        #expect(try numbers(resumed) == orders[3])
    }

    @Test func twoIterationsAtOnce() throws {
        let alone = DataLoader(numberedImages(40), batchSize: 6, shuffle: true, seed: 1)
        let expected = [try numbers(alone), try numbers(alone)]
        let loader = DataLoader(numberedImages(40), batchSize: 6, shuffle: true, seed: 1)
        let pairs = Array(zip(loader, loader))
        #expect(pairs.map { numbers($0.0.images) } == expected[0])
        #expect(pairs.map { numbers($0.1.images) } == expected[1])
    }

    @Test func endStaysEnd() {
        let iterator = DataLoader(numberedImages(2), batchSize: 2).makeIterator()
        #expect(iterator.next() != nil)
        #expect(iterator.next() == nil)
        #expect(iterator.next() == nil)
    }
}

@Suite("DataLoader's thread")
struct DataLoaderThreadTests {
    @Test(arguments: [1, 2, 4])
    func prefetchIsBounded(depth: Int) {
        let dataset = WatchedDataset(numberedImages(60))
        let iterator = DataLoader(dataset, batchSize: 3, prefetch: depth).makeIterator()
        #expect(eventually { dataset.batches == depth })
        var used = 0
        while iterator.next() != nil {
            used += 1
            #expect(dataset.batches <= used + depth)
            #expect(eventually { dataset.batches == min(used + depth, 20) })
        }
        #expect(used == 20 && dataset.batches == 20)
    }

    @Test func withoutPrefetchNothingIsMadeAhead() {
        let dataset = WatchedDataset(numberedImages(9))
        var used = 0
        for _ in DataLoader(dataset, batchSize: 3, prefetch: 0) {
            used += 1
            #expect(dataset.batches == used)
        }
        #expect(used == 3)
    }

    /// The thread holds the data set: when that is gone, the thread is.
    @Test(arguments: [0, 1, 3, 20])
    func anAbandonedIterationEndsItsThread(used: Int) throws {
        weak var watched: WatchedDataset?
        do {
            let dataset = WatchedDataset(numberedImages(60))
            watched = dataset
            let iterator = DataLoader(dataset, batchSize: 3).makeIterator()
            for _ in 0..<used { #expect(iterator.next() != nil) }
            #expect(watched != nil)
        }
        #expect(eventually { watched == nil })
    }

    @Test func breakEndsTheThread() throws {
        weak var watched: WatchedDataset?
        do {
            let dataset = WatchedDataset(numberedImages(60))
            watched = dataset
            for (images, _) in DataLoader(dataset, batchSize: 3) where numbers(images).contains(10) { break }
            #expect(dataset.batches < 20)
        }
        #expect(eventually { watched == nil })
    }

    @Test func manyAbandonedIterations() {
        let loader = DataLoader(numberedImages(100), batchSize: 1, shuffle: true)
        for _ in 0..<200 { #expect(loader.first { _ in true } != nil) }
        #expect(loader.epoch == 200)
    }

    @Test(arguments: [0, 2])
    func errorsEndTheIterationAndAreKept(prefetch: Int) throws {
        let dataset = WatchedDataset(numberedImages(12), failingBatch: 2)
        let loader = DataLoader(dataset, batchSize: 3, prefetch: prefetch)
        try loader.check()
        #expect(loader.map { numbers($0.images) } == [[0, 1, 2], [3, 4, 5]])
        #expect(throws: WatchedDataset.Failure(batch: 2)) { try loader.check() }
        #expect(dataset.batches == 3)
    }

    @Test func forEachThrows() {
        struct Stop: Error {}
        let failing = DataLoader(WatchedDataset(numberedImages(12), failingBatch: 1), batchSize: 3)
        var used = 0
        // swift-format-ignore: ReplaceForEachWithForLoop
        #expect(throws: WatchedDataset.Failure(batch: 1)) { try failing.forEach { _, _ in used += 1 } }
        #expect(used == 1)
        #expect(throws: Stop.self) {
            // swift-format-ignore: ReplaceForEachWithForLoop
            try DataLoader(numberedImages(12), batchSize: 3).forEach { _, _ in throw Stop() }
        }
    }

    /// An error in a batch that was made ahead and never used is nobody's.
    @Test func errorsAheadOfAnAbandonedIterationAreDropped() throws {
        let dataset = WatchedDataset(numberedImages(12), failingBatch: 1)
        let loader = DataLoader(dataset, batchSize: 3)
        for _ in loader {
            #expect(eventually { dataset.batches == 2 })
            break
        }
        try loader.check()
    }
}
