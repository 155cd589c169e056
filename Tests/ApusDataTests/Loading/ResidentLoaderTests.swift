import ApusEngine
import ApusGraph
import Testing

@testable import ApusData

/// Batches that a device makes of a whole data set are those that the loader makes: here the CPU is the device.
@Suite("DataLoader with its data set on the device")
struct ResidentLoaderTests {
    /// Both loaders' epochs; the first must live on the device.
    private func expectSame(
        epochs: Int = 2, _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation,
        _ makeLoader: () -> DataLoader
    ) throws {
        let (resident, plain) = (makeLoader(), makeLoader())
        #expect(resident.resident(on: .cpu, .always) != nil, "\(what)", sourceLocation: sourceLocation)
        for epoch in 0..<epochs {
            let made = try batches(resident, .always)
            let expected = try batches(plain, .never)
            #expect(!made.isEmpty && made == expected, "\(what), epoch \(epoch)", sourceLocation: sourceLocation)
            #expect(resident.position == plain.position, sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: ResidentTransform.all, [0, 7] as [UInt64])
    func everyTransform(sample: ResidentTransform, seed: UInt64) throws {
        for count in [1, 13, 64] {
            let images = RandomImages(count, sample.channels, 9, 7)
            try expectSame("\(sample) of \(count)") {
                DataLoader(images, batchSize: 5, shuffle: true, transform: sample.transform, seed: seed)
            }
        }
    }

    @Test(arguments: [(1, 1, 1), (1, 28, 28), (3, 32, 32), (3, 1, 40), (4, 5, 3), (16, 3, 3)])
    func everySize(channels: Int, height: Int, width: Int) throws {
        let images = RandomImages(11, channels, height, width)
        let crop = CropSize(height, width)
        for transform in [nil, RandomCrop(crop, padding: 1)] as [(any Transform)?] {
            try expectSame { DataLoader(images, batchSize: 4, shuffle: true, transform: transform, seed: 2) }
        }
    }

    @Test func partsAndLayersOfADataSet() throws {
        let images = RandomImages(40, 3, 6, 5)
        let layered = try Subset(images, [39, 3, 3, 17, 0, 8, 21, 30, 5]).transformed(RandomCrop(5, padding: 1))
        let datasets: [any Dataset] = [
            images.data, Subset(images, Array(10..<31)), Subset(Subset(images, Array(20..<40)), [19, 0, 7]),
            Subset(images.data, [1]), layered, try Subset(layered, [8, 0]).transformed(RandomHorizontalFlip()),
        ]
        for (index, dataset) in datasets.enumerated() {
            try expectSame("data set \(index)") {
                DataLoader(dataset, batchSize: 4, shuffle: true, transform: RandomVerticalFlip(), seed: 3)
            }
        }
    }

    @Test(arguments: [false, true], [0, 1, 3])
    func lastBatchesAndPrefetch(dropLast: Bool, prefetch: Int) throws {
        let images = RandomImages(11, 1, 4, 4)
        for batchSize in [1, 4, 11, 20] where !dropLast || batchSize <= 11 {
            try expectSame {
                DataLoader(
                    images, batchSize: batchSize, shuffle: true, transform: RandomCrop(4, padding: 2),
                    dropLast: dropLast,
                    prefetch: prefetch)
            }
        }
    }

    @Test func everySampler() throws {
        let images = RandomImages(23, 3, 5, 5)
        let samplers: [any Sampler] = [
            SequentialSampler(), RandomSampler(replacement: true, numSamples: 50), RandomSampler(numSamples: 60),
            SubsetRandomSampler([4, 2, 22, 0]), WeightedRandomSampler(balancing: images.labels),
            DistributedSampler(numReplicas: 3, rank: 1),
        ]
        for sampler in samplers {
            try expectSame("\(sampler)") {
                DataLoader(images, batchSize: 6, sampler: sampler, transform: RandomCrop(5, padding: 2), seed: 8)
            }
        }
    }

    @Test func goesOnInTheMiddle() throws {
        let images = RandomImages(22, 3, 6, 6)
        func makeLoader() -> DataLoader {
            DataLoader(images, batchSize: 4, shuffle: true, transform: RandomCrop(6, padding: 2), seed: 5)
        }
        let all = try (0..<2).flatMap { _ in try batches(makeLoader(), .never) }
        let loader = makeLoader()
        let iterator = loader.moved(to: .cpu, .always).makeIterator()
        for index in 0..<3 { #expect(try iterator.next().map(BatchBits.init) == all[index]) }
        let position = loader.position
        #expect(position == DataLoader.Position(seed: 5, epoch: 0, batch: 3))
        // In the same loader and in another, on the device and off it.
        for residency in [DataLoader.Residency.always, .never] {
            let resumed = makeLoader()
            resumed.position = position
            #expect(try batches(resumed, residency) == Array(all[3..<6]))
            loader.position = position
            #expect(try batches(loader, residency) == Array(all[3..<6]))
        }
    }

    /// Batches outlive the loader and one another, and are read in any order.
    @Test func batchesAreReadLater() throws {
        let images = RandomImages(20, 3, 4, 4)
        let transform = RandomHorizontalFlip()
        let expected = try batches(DataLoader(images, batchSize: 3, transform: transform), .never)
        let all = Array(DataLoader(images, batchSize: 3, transform: transform).moved(to: .cpu, .always))
        for index in all.indices.reversed() { #expect(try BatchBits(all[index]) == expected[index]) }
    }

    @Test func mixedBatchesAreMadeByTheLoader() throws {
        let images = RandomImages(12, 3, 4, 4)
        func makeLoader() -> DataLoader {
            DataLoader(images, batchSize: 4, shuffle: true, batchTransform: MixUp(), seed: 1)
        }
        #expect(makeLoader().resident(on: .cpu, .always) == nil)
        let made = Array(makeLoader().moved(to: .cpu, .always))
        #expect(made.map(\.labels.shape) == [[4, 7], [4, 7], [4, 7]])
        for (batch, expected) in zip(made, makeLoader()) {
            #expect(try batch.images.elements(as: Float.self) == expected.images.elements(as: Float.self))
        }
    }

    @Test func theCPUKeepsItsOwnWayUnlessTold() {
        let loader = DataLoader(RandomImages(4, 1, 2, 2))
        #expect(loader.resident(on: .cpu, .automatic) == nil)
        #expect(loader.resident(on: .cpu, .never) == nil)
        #expect(loader.resident(on: .cpu, .always) != nil)
        // Where nobody knows how much memory is free nothing is kept.
        #expect(loader.resident(on: .cuda(1_000), .automatic) == nil)
    }

    /// The same on a GPU, where there is one.
    @Test(
        .enabled(if: Device.cuda(0).reasonForAbsence == nil, "there is no GPU"), arguments: ResidentTransform.all)
    func everyTransformOnAGPU(sample: ResidentTransform) throws {
        let images = RandomImages(29, sample.channels, 9, 7)
        func makeLoader() -> DataLoader {
            DataLoader(images, batchSize: 8, shuffle: true, transform: sample.transform, seed: 4)
        }
        #expect(makeLoader().resident(on: .cuda(0), .automatic) != nil)
        #expect(try batches(makeLoader(), .automatic, on: .cuda(0)) == batches(makeLoader(), .never))
    }
}
