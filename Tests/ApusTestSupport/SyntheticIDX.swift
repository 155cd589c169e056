/// A small data set in the form of MNIST, made of numbers: each class is a bright block at a place of its own, with
/// noise.
public struct SyntheticIDX {
    /// The bytes of the four files, by their official names; tests damage them before they are written.
    public var files: [String: [UInt8]]

    public static let trainImages = "train-images-idx3-ubyte"
    public static let trainLabels = "train-labels-idx1-ubyte"

    /// Makes `train` and `test` images of `side`×`side` pixels in 10 classes.
    public init(train: Int, test: Int, side: Int = 28) {
        files = [:]
        for (prefix, count) in [("train", train), ("t10k", test)] {
            let labels: [UInt8] = (0..<count).map { index in UInt8((index * 7 + index / 10) % 10) }
            files["\(prefix)-images-idx3-ubyte"] = Self.images(labels, side: side)
            files["\(prefix)-labels-idx1-ubyte"] = Self.labelFile(labels)
        }
    }

    /// Writes the files into the folder `name`.
    public func write(to folder: TemporaryFolder, _ name: String) throws {
        for (file, bytes) in files { try folder.write(bytes, to: "\(name)/\(file)") }
    }

    private static func images(_ labels: [UInt8], side: Int) -> [UInt8] {
        var bytes: [UInt8] = [0, 0, 8, 3]
        for size in [labels.count, side, side] { bytes += bigEndian(size) }
        bytes.reserveCapacity(bytes.count + labels.count * side * side)
        // Noise by the linear congruence of Numerical Recipes; it only has to differ from image to image.
        var random: UInt32 = 1
        for label in labels {
            for position in 0..<side * side {
                random = random &* 1_664_525 &+ 1_013_904_223
                let (row, column) = (position / side, position % side)
                let isBright = row / (side / 4) == Int(label) / 4 && column / (side / 4) == Int(label) % 4
                let noise = UInt8(random >> 26)
                bytes.append(isBright ? 192 + noise : noise)
            }
        }
        return bytes
    }

    private static func labelFile(_ labels: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0, 0, 8, 1]
        bytes += bigEndian(labels.count)
        return bytes + labels
    }

    private static func bigEndian(_ count: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
    }
}
