import ApusEngine
import ApusGraph
import ApusNN

/// A convolution of 2×2 whose fixed weights make the pixels of a window uncorrelated and of equal variance.
///
/// [N, C, H, W] → [N, 8 · C, H − 1, W − 1]. With the second moments M of all windows of some training images, its
/// eigenvectors vᵢ and eigenvalues λᵢ, the filters are vᵢ / √(λᵢ + ε), the largest λ first, and their negatives, so that
/// an activation loses nothing (Page 2018, "How to train your ResNet 8"; Jordan 2024, arXiv:2404.00498, section 3.2,
/// with ε = 5 · 10⁻⁴). Only the bias is trained.
///
/// State: `weight` [8 · C, C, 2, 2] and `bias` [8 · C].
public final class WhiteningConv2d: Module {
    /// The filters, which no optimizer changes.
    public let weight: Parameter
    /// What is added to each channel, 0 at first.
    public let bias: Parameter
    private static let epsilon = 5e-4

    /// A convolution whose filters are a convolution's usual ones until ``whiten(_:)``.
    ///
    /// - Parameters:
    ///   - inChannels: the channels C of the images, at least 1.
    public init(_ inChannels: Int) {
        let usual = Conv2d(inChannels, 8 * inChannels, kernelSize: 2)
        weight = Parameter(usual.weight.data, requiresGrad: false)
        bias = Parameter(.zeros([8 * inChannels]))
        super.init()
    }

    override public var extraDescription: String { "\(weight.shape[1]), \(weight.shape[0]), kernel_size=(2, 2)" }

    override public func forward(_ image: Tensor) -> Tensor {
        image.conv2d(weight.data, bias.operand)
    }

    /// Sets the filters by the windows of images [N, C, H, W].
    ///
    /// - Throws: `TensorError` where the images cannot be computed.
    public func whiten(_ images: Tensor) throws {
        let size = 4 * weight.shape[1]
        let (vectors, values) = SymmetricEigenvectors.of(try moments(images, size), size: size)
        var filters: [Float] = []
        for sign in [1.0, -1.0] {
            for (vector, value) in zip(vectors, values) {
                filters += vector.map { Float(sign * $0 / (max(value, 0) + Self.epsilon).squareRoot()) }
            }
        }
        weight.data = Tensor(filters, shape: weight.shape)
    }

    /// The mean of p · pᵀ over all windows p, as [C · 4] numbers in the order of the weights, row by row.
    private func moments(_ images: Tensor, _ size: Int) throws -> [Double] {
        var sums = [Double](repeating: 0, count: size * size)
        let (count, windows) = (images.shape[0], (images.shape[2] - 1) * (images.shape[3] - 1))
        let window = SlidingWindow(kernelSize: [2, 2], stride: [1, 1], padding: [0, 0], dilation: [1, 1])
        // A hundred images at a time: the windows take four times their memory.
        for start in stride(from: 0, to: count, by: 100) {
            let part = images[start..<min(start + 100, count)]
            let products = noGrad {
                let patches = part.unfold(window).permute(1, 0, 2).reshape([size, -1])
                return patches.matmul(patches.permute(1, 0))
            }
            for (index, sum) in try products.elements(as: Double.self).enumerated() { sums[index] += sum }
        }
        return sums.map { $0 / Double(max(1, count * windows)) }
    }
}
