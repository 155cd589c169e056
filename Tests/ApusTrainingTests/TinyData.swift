import ApusData
import ApusGraph
import ApusNN

/// Images of 2×2 pixels, whose class is the brighter column, and a network that learns them.
enum TinyData {
    static let five = ImageBytes(
        images: [255, 0, 255, 0, 0, 255, 0, 255, 200, 10, 220, 0, 30, 255, 0, 250, 255, 5, 255, 60],
        labels: [0, 1, 0, 1, 0], channels: 1, height: 2, width: 2, classNames: ["left", "right"])

    static let eight = ImageBytes(
        images: (0..<32).map { UInt8(($0 * 89 + 40) % 256) }, labels: [0, 1, 0, 1, 1, 0, 1, 0], channels: 1, height: 2,
        width: 2, classNames: ["left", "right"])

    /// Weights that are always the same: tests beside each other share the generator.
    static func makeNet() -> Sequential {
        let linear = Linear(4, 2)
        linear.weight.data = Tensor([0.1, -0.3, 0.2, 0.4, -0.2, 0.05, 0.3, -0.1] as [Float], shape: [2, 4])
        linear.bias?.data = Tensor([0.1, -0.1] as [Float])
        return Sequential(Flatten(), linear)
    }
}
