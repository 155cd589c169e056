import ApusEngine
import ApusGraph
import ApusTestSupport

@testable import ApusData

/// A data set in memory of random bytes, of `count` images with the labels 0 … 6.
struct RandomImages: InMemoryDataset {
    let data: ImageBytes

    init(_ count: Int, _ channels: Int, _ height: Int, _ width: Int) {
        var generator = SeededGenerator(seed: 10_000 + count)
        data = ImageBytes(
            images: (0..<count * channels * height * width).map { _ in UInt8(generator.int(0...255)) },
            labels: (0..<count).map { _ in Int64(generator.int(0...6)) }, channels: channels, height: height,
            width: width, classNames: (0...6).map { String($0) })
    }
}

/// A batch as bits.
struct BatchBits: Equatable {
    let shape: Shape
    let images: [UInt32]
    let labels: [Int64]

    init(_ batch: DataLoader.Element) throws {
        shape = batch.images.shape
        images = try batch.images.elements(as: Float.self).map(\.bitPattern)
        labels = try batch.labels.elements(as: Int64.self)
    }
}

/// The batches of an epoch, made where it is said.
func batches(
    _ loader: DataLoader, _ residency: DataLoader.Residency, on device: Device = .cpu
) throws -> [BatchBits] {
    var batches: [BatchBits] = []
    for batch in loader.moved(to: device, residency) { batches.append(try BatchBits(batch)) }
    try loader.check()
    return batches
}

/// Transforms that a device can do, by what they are good for, with the channels of the images that they take.
struct ResidentTransform: Sendable, CustomStringConvertible {
    let description: String
    let channels: Int
    let transform: (any Transform)?

    private init(_ description: String, _ channels: Int, _ transforms: [any Transform]?) {
        (self.description, self.channels) = (description, channels)
        transform = transforms.map { Compose($0) }
    }

    private static let colors = Normalize(mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616])

    /// Images have 9×7 pixels.
    static let all: [ResidentTransform] = [
        ResidentTransform("none", 3, nil),
        ResidentTransform("none, gray", 1, nil),
        ResidentTransform(
            "two channels", 2,
            [RandomCrop([4, 7], padding: 2), ToTensor(), Normalize(mean: [0.25, 0.5], std: [3, 0.7])]),
        ResidentTransform("to numbers", 1, [ToTensor(), ToTensor()]),
        ResidentTransform("MNIST's numbers", 1, [ToTensor(), Normalize(mean: [0.1307], std: [0.3081])]),
        ResidentTransform(
            "CIFAR's augmentation", 3, [RandomCrop([9, 7], padding: 4), RandomHorizontalFlip(), ToTensor(), colors]),
        ResidentTransform(
            "a fill for each channel", 3, [RandomCrop([9, 7], padding: 3, fill: [1, 200.9, 255]), ToTensor(), colors]),
        ResidentTransform(
            "a fill that becomes gray", 3,
            [Pad([1, 2, 3, 4], fill: [90, 20, 250]), RandomGrayscale(p: 0.5), ToTensor(), colors]),
        ResidentTransform(
            "flips in between", 3,
            [
                RandomVerticalFlip(), RandomCrop([6, 5]), RandomHorizontalFlip(p: 0.7), Pad(2),
                RandomVerticalFlip(p: 0.4), CenterCrop([8, 4]), RandomHorizontalFlip(),
            ]),
        ResidentTransform(
            "a crop padded again", 1,
            [CenterCrop([4, 3]), Pad(3, fill: [9]), RandomCrop([9, 7], padding: 1, fill: [9])]),
        ResidentTransform(
            "padding taken away", 3, [Pad([-1, 2, 3, -2]), RandomCrop([4, 4], padding: [1, -1, -2, 2])]),
        ResidentTransform("the middle of more", 3, [CenterCrop([12, 4]), ToTensor()]),
        ResidentTransform("the middle of more and of odd rests", 1, [CenterCrop([6, 10])]),
        ResidentTransform("padding where needed", 1, [RandomCrop([12, 5], padIfNeeded: true), RandomVerticalFlip()]),
        ResidentTransform("one channel of three", 3, [Grayscale(), ToTensor(), Normalize(mean: [0.5], std: [0.25])]),
        ResidentTransform("three of three", 3, [RandomHorizontalFlip(), Grayscale(numOutputChannels: 3), Pad(1)]),
        ResidentTransform(
            "three of one", 1,
            [RandomCrop([9, 7], padding: 2, fill: [128]), Grayscale(numOutputChannels: 3), ToTensor(), colors]),
        ResidentTransform(
            "gray and back", 3,
            [Grayscale(), RandomGrayscale(p: 0.5), Grayscale(numOutputChannels: 3), Pad([0, 1]), ToTensor(), colors]),
        ResidentTransform("gray of gray", 1, [RandomGrayscale(p: 0.5), Grayscale()]),
        ResidentTransform(
            "numbers first", 3,
            [ToTensor(), RandomCrop([9, 7], padding: 2), RandomHorizontalFlip(), colors, RandomVerticalFlip()]),
        ResidentTransform(
            "normalized first", 1,
            [ToTensor(), Normalize(mean: [0.5], std: [0.5]), CenterCrop([5, 5]), Grayscale(numOutputChannels: 3)]),
        ResidentTransform(
            "nested", 3,
            [Compose([RandomCrop([5, 5]), Compose([RandomHorizontalFlip()])]), Compose([ToTensor(), colors])]),
    ]
}
