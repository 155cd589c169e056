import ApusEngine
import ApusGraph
import Testing

@testable import ApusData

/// What a device cannot do is left to the loader, copies are shared and given back, and errors are the loader's.
@Suite("Data sets on the device")
struct ResidentImagesTests {
    private static let refused: [(name: String, channels: Int, transforms: [any Transform])] = [
        ("a resize", 3, [Resize([4, 4])]),
        ("a rotation", 3, [RandomRotation(10)]),
        ("a border that is no number", 3, [RandomCrop([9, 7], padding: 2, border: .reflect)]),
        ("a padding that is no number", 3, [Pad(1, border: .edge)]),
        ("two fills", 1, [Pad(1, fill: [3]), Pad(1, fill: [4])]),
        ("a fill behind a gray image", 3, [Grayscale(), Pad(1, fill: [5])]),
        ("a fill behind what may be gray", 3, [RandomGrayscale(), Pad(1, fill: [5])]),
        ("a fill of three channels of one", 1, [Grayscale(numOutputChannels: 3), Pad(1, fill: [1, 2, 3])]),
        ("a fill of numbers", 3, [ToTensor(), Pad(1, fill: [0.5])]),
        ("a border behind Normalize", 3, [ToTensor(), Normalize(mean: [0.5], std: [0.5]), Pad(1)]),
        ("a negative zero", 3, [ToTensor(), Pad(1, fill: [-0.0])]),
        ("a fill that is no byte", 3, [Pad(1, fill: [256])]),
        ("a fill for two channels", 3, [Pad(1, fill: [1, 2])]),
        ("gray twice", 3, [RandomGrayscale(), Grayscale()]),
        ("gray of three equal channels", 1, [Grayscale(numOutputChannels: 3), Grayscale()]),
        ("gray numbers", 3, [ToTensor(), Grayscale()]),
        ("gray of two channels", 2, [RandomGrayscale(p: 0)]),
        ("normalized twice", 1, [ToTensor(), Normalize(mean: [0], std: [2]), Normalize(mean: [0], std: [2])]),
        ("numbers by multiplication", 1, [ToDtype(.float, scale: true)]),
        ("a transform by chance", 1, [RandomApply(Pad(0))]),
        ("a function", 1, [Lambda { _, _ in }]),
        ("17 channels", 17, []),
    ]

    @Test(arguments: refused.indices)
    func refusedTransforms(index: Int) {
        let (name, channels, transforms) = Self.refused[index]
        let images = RandomImages(6, channels, 9, 7)
        let loader = DataLoader(images, batchSize: 4, transform: Compose(transforms))
        #expect(loader.resident(on: .cpu, .always) == nil, "\(name)")
        func outcome(_ residency: DataLoader.Residency) -> Result<[BatchBits], TensorError> {
            let loader = DataLoader(images, batchSize: 4, transform: Compose(transforms))
            return Result { try batches(loader, residency) }.mapError { $0 as? TensorError ?? TensorError("", "\($0)") }
        }
        // What it gives, or says, is the same whether a device was asked or not.
        switch (outcome(.always), outcome(.never)) {
        case (.success(let made), .success(let expected)): #expect(made == expected, "\(name)")
        case (.failure(let made), .failure(let expected)): #expect("\(made)" == "\(expected)", "\(name)")
        default: Issue.record("\(name): one fails, the other does not")
        }
    }

    @Test func otherDataSetsAreLeftToTheLoader() throws {
        let watched = DataLoader(WatchedDataset(numberedImages(9)), batchSize: 4)
        #expect(watched.resident(on: .cpu, .always) == nil)
        #expect(try batches(watched, .always).count == 3)
    }

    @Test(arguments: [0, 2])
    func errorsOfTransformsAreTheSame(prefetch: Int) throws {
        func failure(_ transform: any Transform, _ residency: DataLoader.Residency) -> String {
            let loader = DataLoader(RandomImages(4, 1, 9, 7), transform: transform, prefetch: prefetch)
            #expect((loader.resident(on: .cpu, residency) != nil) == (residency == .always))
            do {
                _ = try batches(loader, residency)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        for transform in [RandomCrop(10), Compose([Pad(-4), CenterCrop(2)])] as [any Transform] {
            let expected = failure(transform, .never)
            #expect(failure(transform, .always) == expected)
            #expect(expected.contains("pixels"))
        }
        // What is wrong with the transforms altogether.
        let loader = DataLoader(
            RandomImages(4, 1, 9, 7), transform: Normalize(mean: [0], std: [1]), prefetch: prefetch)
        #expect(throws: TensorError.self) { try batches(loader, .always) }
    }

    /// A sampler that asks for an image that is not there.
    @Test(arguments: [-1, 4, Int(Int32.max) + 1])
    func positionsThatDoNotExist(position: Int) throws {
        struct Stray: Sampler {
            let position: Int
            func length(of count: Int) -> Int { 3 }
            func order(of count: Int, seed: UInt64, epoch: Int) -> [Int] { [0, position, 1] }
        }
        let loader = DataLoader(RandomImages(4, 1, 2, 2), batchSize: 3, sampler: Stray(position: position))
        let batch = try #require(loader.moved(to: .cpu, .always).makeIterator().next())
        let error = TensorError.indexOutOfRange(
            operation: TransformBytes.name, Int64(position), at: [1], dimension: 0, size: 4)
        #expect {
            try batch.images.elements(as: Float.self)
        } throws: {
            "\($0)" == "\(error)"
        }
    }

    @Test func loadersShareTheCopyAndGiveItBack() throws {
        let images = RandomImages(10, 1, 3, 3)
        weak var copy: ResidentImages?
        do {
            let training = DataLoader(images, batchSize: 2, shuffle: true)
            let test = DataLoader(Subset(images, [3, 4]), batchSize: 2)
            let first = try #require(training.resident(on: .cpu, .always)).images
            #expect(try #require(test.resident(on: .cpu, .always)).images === first)
            #expect(first.bytes.shape == [10, 1, 3, 3] && first.bytes.dtype == .uint8)
            #expect(try first.bytes.elements(as: UInt8.self) == images.data.images)
            #expect(try first.labels.elements(as: Int64.self) == images.labels)
            // Another split, or the same images loaded again, are other data.
            let other = DataLoader(RandomImages(10, 1, 3, 3))
            #expect(try #require(other.resident(on: .cpu, .always)).images !== first)
            copy = first
        }
        #expect(copy == nil)
    }

    @Test func aCopyIsMadeOnlyIfAllowed() {
        let data = RandomImages(10, 1, 3, 3).data
        #expect(ResidentImages.byteCount(of: data) == 10 * 9 + 10 * 8)
        #expect(data.residents.images(of: data, on: .cpu, ifAllowed: { false }) == nil)
        let made = data.residents.images(of: data, on: .cpu, ifAllowed: { true })
        #expect(made != nil)
        // What is there takes no more memory.
        #expect(data.residents.images(of: data, on: .cpu, ifAllowed: { false }) === made)
    }

    /// An epoch needs one plan, and one for its last, smaller batch. Other tests make plans at the same time, so that
    /// one of many epochs without a new plan must do.
    @Test func batchesNeedNoNewPlans() throws {
        let loader = DataLoader(
            RandomImages(50, 1, 8, 8), batchSize: 8, shuffle: true,
            transform: Compose([RandomCrop(8, padding: 2), RandomHorizontalFlip()]))
        var last = try batches(loader, .always)
        let isReplayed = try (0..<200).contains { _ in
            let before = Engine.shared.counters
            let next = try batches(loader, .always)
            defer { last = next }
            #expect(next != last)
            let after = Engine.shared.counters
            return after.plansMade == before.plansMade && after.cacheHits - before.cacheHits >= 7
        }
        #expect(isReplayed)
    }
}
