import ApusEngine
import ApusGraph
import Testing

@testable import ApusData

@Suite struct SamplerTests {
    @Test func randomOrders() {
        let sampler = RandomSampler()
        #expect(sampler.order(of: 50, seed: 1, epoch: 0).sorted() == Array(0..<50))
        #expect(RandomSampler(numSamples: 7).order(of: 50, seed: 1, epoch: 0).count == 7)
        let more = RandomSampler(numSamples: 120).order(of: 50, seed: 1, epoch: 0)
        #expect(more.count == 120 && Set(more[..<50]).count == 50 && Set(more[50..<100]).count == 50)
        let drawn = RandomSampler(replacement: true).order(of: 50, seed: 1, epoch: 0)
        #expect(drawn.count == 50 && Set(drawn).count < 50)
        #expect(RandomSampler(replacement: true).order(of: 0, seed: 1, epoch: 0).isEmpty)
    }

    @Test func subsets() {
        let order = SubsetRandomSampler([3, 5, 9]).order(of: 10, seed: 2, epoch: 1)
        #expect(order.sorted() == [3, 5, 9])
    }

    /// Each image comes in proportion to its weight, within six standard deviations.
    @Test func weights() {
        let weights = [1.0, 0, 2, 5]
        let count = 40_000
        let order = WeightedRandomSampler(weights: weights, numSamples: count).order(of: 4, seed: 3, epoch: 0)
        for (index, weight) in weights.enumerated() {
            let p = weight / 8
            let found = Double(order.count { $0 == index })
            #expect(abs(found - p * Double(count)) <= 6 * (p * (1 - p) * Double(count)).squareRoot())
        }
        let sampler = WeightedRandomSampler(weights: weights, numSamples: 2, replacement: false)
        var firsts = [0, 0, 0, 0]
        for epoch in 0..<4_000 {
            let order = sampler.order(of: 4, seed: 0, epoch: epoch)
            #expect(Set(order).count == 2 && !order.contains(1))
            firsts[order[0]] += 1
        }
        // The first of two is image 3 with the probability 5/8.
        let deviation: Double = (4_000.0 * 15 / 64).squareRoot()
        let distance: Double = abs(Double(firsts[3]) - 2_500)
        #expect(distance < 6 * deviation)
    }

    @Test func balancedClasses() {
        let labels: [Int64] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        let order = WeightedRandomSampler(balancing: labels, numSamples: 10_000).order(of: 10, seed: 0, epoch: 0)
        #expect(abs(Double(order.count { $0 == 9 }) - 5_000) < 6 * 50)
    }

    @Test(arguments: [(10, 3), (12, 4), (2, 3), (7, 1)])
    func ranksShareAnEpoch(count: Int, replicas: Int) {
        for shuffle in [true, false] {
            let kept = (0..<replicas).map {
                DistributedSampler(numReplicas: replicas, rank: $0, shuffle: shuffle).order(
                    of: count, seed: 4, epoch: 2)
            }
            #expect(Set(kept.map(\.count)) == [(count + replicas - 1) / replicas])
            #expect(Set(kept.flatMap { $0 }) == Set(0..<count))
            let dropped = (0..<replicas).map {
                DistributedSampler(numReplicas: replicas, rank: $0, shuffle: shuffle, dropLast: true)
                    .order(of: count, seed: 4, epoch: 2)
            }
            #expect(Set(dropped.map(\.count)) == [count / replicas])
            #expect(Set(dropped.flatMap { $0 }).count == count / replicas * replicas)
        }
    }
}

@Suite("DataLoader's transforms and position")
struct DataLoaderTransformTests {
    private let images = ImageBytes(
        images: (0..<(40 * 3 * 12 * 10)).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ $0 / 11) },
        labels: (0..<40).map { Int64($0 % 4) }, channels: 3, height: 12, width: 10,
        classNames: ["a", "b", "c", "d"])

    private let augmentation = Compose([
        RandomCrop([12, 10], padding: 2), RandomHorizontalFlip(), ColorJitter(brightness: 0.3, hue: 0.1),
        RandomGrayscale(p: 0.3), TrivialAugmentWide(), ToTensor(), Normalize(mean: [0.5, 0.4, 0.3], std: [0.2]),
    ])

    private func epoch(_ loader: DataLoader) throws -> [[Float]] {
        let batches = loader.map { $0.images.array(as: Float.self) }
        try loader.check()
        return batches
    }

    @Test func batchesDoNotDependOnWorkersPrefetchOrBatchSize() throws {
        func all(_ batchSize: Int, workers: Int?, prefetch: Int) throws -> [Float] {
            let loader = DataLoader(
                images, batchSize: batchSize, shuffle: true, transform: augmentation, seed: 7, workers: workers,
                prefetch: prefetch)
            return try (0..<2).flatMap { _ in try epoch(loader).flatMap { $0 } }
        }
        let first = try all(8, workers: nil, prefetch: 2)
        for (batchSize, workers, prefetch) in [(8, 1, 2), (8, 2, 0), (3, 2, 1), (40, 4, 3)] as [(Int, Int?, Int)] {
            #expect(try all(batchSize, workers: workers, prefetch: prefetch) == first)
        }
        #expect(Array(first.prefix(40 * 360)) != Array(first.suffix(40 * 360)))
    }

    /// The data set's transform, a subset and the loader's transform are one pipeline, in that order.
    @Test func transformsOfDataSetAndLoader() throws {
        let flipped = try images.transformed(RandomHorizontalFlip(p: 1))
        let loader = DataLoader(
            Subset(flipped, [5, 2]), batchSize: 2, transform: Compose([Grayscale(), ToTensor()]))
        let batches = Array(loader)
        try loader.check()
        #expect(batches[0].images.shape == [2, 1, 12, 10])
        #expect(batches[0].labels.array(as: Int.self) == [1, 2])
        let original = Tensor(Array(images.images[(5 * 360)..<(6 * 360)]), shape: [3, 12, 10])
        let expected = try Compose([RandomHorizontalFlip(p: 1), Grayscale(), ToTensor()])(original)
        #expect(Array(batches[0].images.array(as: Float.self).prefix(120)) == expected.array(as: Float.self))
    }

    @Test func transformsThatDoNotFitAreReported() throws {
        for transform in [
            Normalize(mean: [0], std: [1]) as any Transform, Compose([ToTensor(), Normalize(mean: [0, 1], std: [1])]),
        ] {
            for prefetch in [0, 2] {
                let loader = DataLoader(images, batchSize: 4, transform: transform, prefetch: prefetch)
                #expect(Array(loader).isEmpty)
                #expect(throws: TensorError.self) { try loader.check() }
            }
        }
        #expect(throws: TensorError.self) { try images.transformed(RandomRotation(30, expand: true)) }
    }

    /// A transform that evaluates tensors would wait for itself: it gets an error instead.
    @Test func tensorsInTransformsAreAnError() throws {
        let transform = Lambda { _, _ in _ = try (Tensor([1, 2]) + 1).elements(as: Float.self) }
        let loader = DataLoader(images, batchSize: 40, transform: transform, workers: 2)
        #expect(Array(loader).isEmpty)
        let error = #expect(throws: TensorError.self) { try loader.check() }
        #expect(error?.message.contains("inside of a transform") == true)
    }

    @Test func mixedBatchesHaveProbabilities() throws {
        func run() throws -> [[Float]] {
            let loader = DataLoader(images, batchSize: 10, shuffle: true, batchTransform: MixUp(alpha: 0.4), seed: 3)
            var labels: [[Float]] = []
            for (images, soft) in loader {
                #expect(images.shape == [10, 3, 12, 10])
                #expect(soft.shape == [10, 4])
                #expect(soft.dtype == .float32)
                labels.append(soft.array(as: Float.self))
            }
            try loader.check()
            return labels
        }
        let labels = try run()
        #expect(labels.count == 4 && Set(labels).count == 4)
        for batch in labels {
            for image in 0..<10 {
                let start = image * 4
                let sum: Float = batch[start..<(start + 4)].reduce(0, +)
                #expect(abs(sum - 1) < 1e-6)
            }
        }
        #expect(try run() == labels)
    }

    /// Images that come twice get draws of their own.
    @Test func repeatedImagesDiffer() throws {
        let loader = DataLoader(
            Subset(images, [0]), batchSize: 16, sampler: RandomSampler(replacement: true, numSamples: 16),
            transform: ColorJitter(brightness: 0.9))
        let pixels = try epoch(loader)[0]
        var different: Set<[Float]> = []
        for image in 0..<16 {
            let start = image * 360
            different.insert(Array(pixels[start..<(start + 360)]))
        }
        #expect(different.count > 12)
    }

    @Test(arguments: [0, 2])
    func aPositionIsRestoredExactly(prefetch: Int) throws {
        func make(_ seed: UInt64) -> DataLoader {
            DataLoader(
                images, batchSize: 6, shuffle: true, transform: augmentation, seed: seed, prefetch: prefetch)
        }
        let whole = make(5)
        let expected = try [epoch(whole), epoch(whole)]
        #expect(whole.position == DataLoader.Position(seed: 5, epoch: 2, batch: 0))

        let stopped = make(5)
        _ = try epoch(stopped)
        let iterator = stopped.makeIterator()
        for number in 0..<3 { #expect(iterator.next()?.images.array(as: Float.self) == expected[1][number]) }
        let position = stopped.position
        #expect(position == DataLoader.Position(seed: 5, epoch: 1, batch: 3))

        let resumed = make(99)
        resumed.position = position
        #expect(resumed.position == position)
        #expect(try epoch(resumed) == Array(expected[1][3...]))
        #expect(resumed.position == DataLoader.Position(seed: 5, epoch: 2, batch: 0))
        // Behind the last batch the next epoch begins.
        resumed.position = DataLoader.Position(seed: 5, epoch: 0, batch: 7)
        #expect(try epoch(resumed) == expected[1])
    }
}
