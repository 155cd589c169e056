import ApusEngine
import ApusGraph
import Foundation
import Testing

@testable import ApusData

@Suite struct RandomTransformTests {
    /// Every random transform, with the shape that it gives of [3, 24, 20].
    static let all: [(name: String, transform: any Transform, shape: Shape)] = [
        ("RandomCrop", RandomCrop(16, padding: 2), [3, 16, 16]),
        ("RandomResizedCrop", RandomResizedCrop(12), [3, 12, 12]),
        ("RandomHorizontalFlip", RandomHorizontalFlip(), [3, 24, 20]),
        ("RandomVerticalFlip", RandomVerticalFlip(), [3, 24, 20]),
        ("RandomRotation", RandomRotation(30, fill: [7]), [3, 24, 20]),
        (
            "RandomAffine",
            RandomAffine(
                degrees: -10...10, translate: (0.2, 0.1), scale: 0.8...1.2, shearX: -5...5, interpolation: .bilinear),
            [3, 24, 20]
        ),
        ("ColorJitter", ColorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1), [3, 24, 20]),
        ("RandomGrayscale", RandomGrayscale(p: 0.5), [3, 24, 20]),
        ("GaussianBlur", GaussianBlur(kernelSize: 5), [3, 24, 20]),
        ("RandomErasing", RandomErasing(p: 0.9, value: .fill([1, 2, 3])), [3, 24, 20]),
        ("AutoAugment", AutoAugment(), [3, 24, 20]), ("AutoAugment, CIFAR-10", AutoAugment(.cifar10), [3, 24, 20]),
        ("AutoAugment, SVHN", AutoAugment(.svhn), [3, 24, 20]), ("RandAugment", RandAugment(), [3, 24, 20]),
        ("TrivialAugmentWide", TrivialAugmentWide(), [3, 24, 20]),
    ]

    private func run(
        _ transform: any Transform, seed: UInt64, epoch: Int = 0, position: Int = 0
    ) throws -> (shape: Shape?, bytes: [UInt8]) {
        let pixels = patternImage(3, 24, 20).array(as: UInt8.self)
        let sample = ImageSample()
        return try pixels.withUnsafeBytes { bytes in
            let start = try #require(bytes.baseAddress)
            sample.load(borrowing: start, [3, 24, 20], .byte)
            var random = TransformRandom(seed: seed, epoch: epoch, position: position)
            try transform.apply(to: sample, &random)
            return (sample.format.shape, sample.withBytes { Array($0) })
        }
    }

    @Test(arguments: all.indices)
    func drawsDependOnSeedEpochAndPositionOnly(index: Int) throws {
        let (name, transform, shape) = Self.all[index]
        var results: Set<[UInt8]> = []
        for (seed, epoch, position) in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (5, 2, 700), (9, 9, 9), (2, 3, 4)] {
            let first = try run(transform, seed: UInt64(seed), epoch: epoch, position: position)
            let second = try run(transform, seed: UInt64(seed), epoch: epoch, position: position)
            #expect(first.bytes == second.bytes, "\(name)")
            #expect(first.shape == shape, "\(name)")
            results.insert(first.bytes)
        }
        #expect(results.count >= 2, "\(name) gives the same for all seeds")
        let format = ImageFormat(channels: 3, height: 24, width: 20)
        #expect(try transform.output(for: format).shape == shape, "\(name)")
    }

    /// Of many images the shares are the probabilities, within six standard deviations.
    @Test(arguments: [0.0, 0.1, 0.5, 1])
    func flipsAreAsFrequentAsAsked(p: Double) throws {
        let image = patternImage(1, 1, 3)
        let flipped = Array(image.array(as: UInt8.self).reversed())
        let count = 4_000
        let batch = Tensor.stack([Tensor](repeating: image, count: count), dim: 0)
        let results = try RandomHorizontalFlip(p: p)(batch, generator: Generator(seed: 3)).array(as: UInt8.self)
        let flips = (0..<count).count { Array(results[($0 * 3)..<($0 * 3 + 3)]) == flipped }
        #expect(abs(Double(flips) - p * Double(count)) <= 6 * (p * (1 - p) * Double(count)).squareRoot())
    }

    @Test func numbersHaveTheirDistributions() {
        var random = TransformRandom(seed: 11)
        let count = 20_000
        let units = (0..<count).map { _ in random.unit() }
        #expect(units.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(abs(units.reduce(0, +) / Double(count) - 0.5) < 6 * 0.2887 / Double(count).squareRoot())
        let normals = (0..<count).map { _ in random.normal() }
        #expect(abs(normals.reduce(0, +) / Double(count)) < 6 / Double(count).squareRoot())
        let variance = normals.map { $0 * $0 }.reduce(0, +) / Double(count)
        #expect(abs(variance - 1) < 6 * 2.0.squareRoot() / Double(count).squareRoot())
        // Beta(α, α) has the mean 1/2 and the variance 1 / (8 α + 4).
        for alpha in [0.2, 1, 4] {
            let betas = (0..<count).map { _ in random.beta(alpha) }
            #expect(betas.allSatisfy { (0...1).contains($0) })
            let deviation = (1 / (8 * alpha + 4)).squareRoot()
            #expect(abs(betas.reduce(0, +) / Double(count) - 0.5) < 6 * deviation / Double(count).squareRoot())
            let spread = betas.map { ($0 - 0.5) * ($0 - 0.5) }.reduce(0, +) / Double(count)
            #expect(abs(spread / (deviation * deviation) - 1) < 0.05)
        }
        let counts = (0..<count).reduce(into: [Int](repeating: 0, count: 7)) { counts, _ in counts[random.below(7)] += 1
        }
        #expect(counts.allSatisfy { abs(Double($0) - Double(count) / 7) < 6 * (Double(count) * 6 / 49).squareRoot() })
        #expect(random.permutation(50).sorted() == Array(0..<50))
    }

    /// Streams of neighbouring images share no numbers.
    @Test func streamsAreApart() {
        var seen: Set<UInt32> = []
        for position in 0..<100 {
            var random = TransformRandom(seed: 0, epoch: 0, position: position)
            for _ in 0..<20 { seen.insert(random.bits()) }
        }
        // Of 2,000 numbers of 32 bits two are equal with a probability below 1/2,000.
        #expect(seen.count >= 1_999)
    }

    @Test func mixUpBlendsImagesAndLabels() throws {
        let images = Tensor([0, 0, 1, 1, 2, 2] as [Float], shape: [3, 1, 1, 2])
        let labels = Tensor([0, 1, 2] as [Int64])
        let (mixed, soft) = try MixUp(alpha: 1)(images, labels, classCount: 3, generator: Generator(seed: 4))
        let (pixels, shares) = (mixed.array(as: Float.self), soft.array(as: Float.self))
        let lambda = shares[0]
        #expect(lambda > 0 && lambda < 1)
        // Image 0 is mixed with the last one.
        let expected: [Float] = [2 * (1 - lambda), lambda, 2 * lambda + (1 - lambda)]
        for image in 0..<3 {
            #expect(abs(pixels[2 * image] - expected[image]) < 1e-6)
            #expect(abs(shares[3 * image + image] - lambda) < 1e-6)
            #expect(abs(shares[3 * image + (image + 2) % 3] - (1 - lambda)) < 1e-6)
        }
        #expect(throws: TensorError.self) { try MixUp()(images, labels) }
        #expect(throws: TensorError.self) { try MixUp()(images, labels, classCount: 2) }
    }

    @Test func cutMixExchangesARectangle() throws {
        let count = 4
        let images = Tensor((0..<count).flatMap { [Float](repeating: Float($0), count: 8 * 8) }, shape: [4, 1, 8, 8])
        let labels = Tensor((0..<count).map { Int64($0) })
        var seen: Set<Int> = []
        for seed in 0..<10 {
            let (mixed, soft) = try CutMix()(images, labels, classCount: 4, generator: Generator(seed: UInt64(seed)))
            let (pixels, shares) = (mixed.array(as: Float.self), soft.array(as: Float.self))
            for image in 0..<count {
                let own = pixels[(image * 64)..<(image * 64 + 64)].count { $0 == Float(image) }
                let before = pixels[(image * 64)..<(image * 64 + 64)].count { $0 == Float((image + 3) % 4) }
                #expect(own + before == 64)
                #expect(abs(shares[4 * image + image] - Float(own) / 64) < 1e-6)
                #expect(abs(shares[4 * image + (image + 3) % 4] - Float(before) / 64) < 1e-6)
                seen.insert(own)
            }
        }
        #expect(seen.count > 3)
    }
}
