import ApusTestSupport
import Testing

@testable import ApusCPU
@testable import ApusGraph

@Suite("Batches of bytes on the CPU agree with the reference")
struct TransformBytesTests {
    private typealias Item = TransformBytes.Item

    /// Items of any kind, most of which show some of the image, as the numbers of a tensor.
    private func items(_ count: Int, of images: Int, side: Int, using generator: inout SeededGenerator) -> TestArray {
        var words: [Double] = []
        for _ in 0..<count {
            var ranges: [Int] = []
            for _ in 0..<2 {
                let first = generator.int(-2...side)
                ranges += [first, first + generator.int(-1...2 * side)]
            }
            let origins = [generator.int(-side...2 * side), generator.int(-side...2 * side)]
            words += ([generator.int(0...images - 1)] + origins + [generator.int(0...7)] + ranges).map { Double($0) }
        }
        return TestArray(words, [count, Item.wordCount], .int64)
    }

    @Test(arguments: [(1, 1), (3, 3), (3, 1), (1, 3), (2, 2), (16, 16)], [1, 2, 3, 4])
    func anyItems(channels: (stored: Int, made: Int), workers: Int) throws {
        var generator = SeededGenerator(seed: 4_000 + 10 * channels.stored + channels.made)
        for (height, width, newHeight, newWidth) in [(1, 1, 1, 1), (7, 5, 7, 5), (5, 9, 3, 17), (20, 33, 40, 31)] {
            let images = generator.int(1...6)
            let bytes = TestArray.random([images, channels.stored, height, width], .uint8, using: &generator)
            let labels = TestArray.random([images], .int64, using: &generator)
            let fill = (0..<channels.stored).map { _ in UInt8(generator.int(0...255)) }
            let numbers = (1...channels.made).map { Float($0) / 7 }
            for mean in [[], numbers] {
                let primitive = TransformBytes(
                    channels: channels.made, height: newHeight, width: newWidth, fill: fill, mean: mean, std: mean)
                let items = items(23, of: images, side: max(height, width), using: &generator)
                try KernelRunner.withWorkers(workers) { try expectSameElements(primitive, [bytes, labels, items]) }
            }
        }
    }

    /// Numbers that no transform makes: nothing outside of the image is read, and both say the same.
    @Test(arguments: [Double(Int64.min), -0x1p62, 0x1p62, 0x1p32, 0x1p31])
    func hostileItems(number: Double) throws {
        var generator = SeededGenerator(seed: 4_100)
        let bytes = TestArray.random([2, 3, 4, 5], .uint8, using: &generator)
        let primitive = TransformBytes(channels: 3, height: 4, width: 5, fill: [1, 2, 3])
        for word in 1..<Item.wordCount where word != 3 {
            var items = TestArray([0, 0, 0, 0, 0, 4, 0, 5], [1, Item.wordCount], .int64)
            items.values[word] = number
            for flags in 0..<4 {
                items.values[3] = Double(flags)
                try expectSameElements(primitive, [bytes, TestArray([0, 1], [2], .int64), items])
            }
        }
    }

    @Test(arguments: [-1, 2, -0x1p62, 0x1p62])
    func positionsThatDoNotExist(position: Double) throws {
        let primitive = TransformBytes(channels: 1, height: 1, width: 1, fill: [0])
        var items = TestArray([1, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1], [2, Item.wordCount], .int64)
        items.values[8] = position
        let inputs = [TestArray([3, 4], [2, 1, 1, 1], .uint8), TestArray([5, 6], [2], .int64), items]
        let expected = primitive.refusal(Int64(position), at: 1, count: 2)
        #expect {
            try KernelRunner.cpu(primitive, inputs)
        } throws: {
            "\($0)" == "\(expected)"
        }
    }
}
