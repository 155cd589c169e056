import ApusGraph

/// Means, deviations and class counts of a data set, and images that are in both of its splits.
public struct DatasetStatistics: Sendable {
    /// The number of images.
    public let count: Int
    /// The shape of an image.
    public let sampleShape: Shape
    /// The mean of each channel, of pixels from 0 to 1.
    public let mean: [Double]
    /// The standard deviation of each channel over all pixels, divided by their number.
    public let deviation: [Double]
    /// The number of images of each class.
    public let classCounts: [Int]

    /// Goes through a data set once.
    ///
    /// - Throws: where an image cannot be read; the error names its file.
    public init(_ dataset: any Dataset) throws {
        let shape = dataset.sampleShape
        let plane = shape[1] * shape[2]
        var (sums, squares) = ([Double](repeating: 0, count: shape[0]), [Double](repeating: 0, count: shape[0]))
        // Batches of a few megabytes.
        let loader = DataLoader(dataset, batchSize: Swift.max(1, (1 << 20) / Swift.max(shape.elementCount, 1)))
        for (images, _) in loader {
            try images.withElements { bytes in
                let pixels = bytes.assumingMemoryBound(to: Float.self)
                for (place, start) in stride(from: 0, to: pixels.count, by: plane).enumerated() {
                    var (sum, square) = (0.0, 0.0)
                    for index in start..<(start + plane) {
                        let value = Double(pixels[index])
                        sum += value
                        square += value * value
                    }
                    sums[place % shape[0]] += sum
                    squares[place % shape[0]] += square
                }
            }
        }
        try loader.check()
        let labels = dataset.labels
        let pixels = Double(labels.count * plane)
        count = labels.count
        sampleShape = shape
        let mean = sums.map { $0 / pixels }
        self.mean = mean
        deviation = zip(squares, mean).map { Swift.max($0 / pixels - $1 * $1, 0).squareRoot() }
        classCounts = labels.reduce(into: [Int](repeating: 0, count: dataset.classNames.count)) { $0[Int($1)] += 1 }
    }

    /// The positions of images of one split that are in the other too, pixel by pixel.
    ///
    /// - Returns: pairs of positions, in the order of `test`; the first equal image of `training` is named.
    /// - Throws: where an image cannot be read.
    public static func duplicates(
        training: any Dataset, test: any Dataset
    ) throws -> [(training: Int, test: Int)] {
        guard training.sampleShape == test.sampleShape else { return [] }
        var places: [Key: Int] = [:]
        try eachImage(of: training) { index, key in if places[key] == nil { places[key] = index } }
        var pairs: [(training: Int, test: Int)] = []
        try eachImage(of: test) { index, key in
            if let place = places[key] { pairs.append((place, index)) }
        }
        return pairs
    }

    /// Two digests of 64 bits: among a million images two different ones agree with a probability below 10⁻²⁵.
    private struct Key: Hashable {
        var first: UInt64 = 0xcbf2_9ce4_8422_2325
        var second: UInt64 = 0x9E37_79B9_7F4A_7C15

        mutating func add(_ word: UInt64) {
            first = (first ^ word) &* 0x0000_0100_0000_01b3
            first ^= first >> 29
            second = (second &+ word) &* 0xBF58_476D_1CE4_E5B9
            second ^= second >> 31
        }
    }

    private static func eachImage(of dataset: any Dataset, _ body: (Int, Key) -> Void) throws {
        let size = dataset.sampleShape.elementCount
        var index = 0
        let loader = DataLoader(dataset, batchSize: Swift.max(1, (1 << 20) / Swift.max(size, 1)))
        for (images, _) in loader {
            try images.withElements { bytes in
                for start in stride(from: 0, to: bytes.count, by: size * 4) {
                    var key = Key()
                    for offset in stride(from: start, to: start + size * 4, by: 4) {
                        key.add(UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
                    }
                    body(index, key)
                    index += 1
                }
            }
        }
        try loader.check()
    }
}
