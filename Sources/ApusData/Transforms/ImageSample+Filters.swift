import ApusGraph
import CKernels
import Foundation

extension ImageSample {
    /// Blurs with a Gaussian (`torchvision.transforms.functional.gaussian_blur`).
    ///
    /// - Parameters:
    ///   - kernelWidth: odd, and at most twice the image's width less one.
    ///   - kernelHeight: odd, and at most twice the image's height less one.
    ///   - sigmaX: the standard deviation along a row in pixels, above 0.
    ///   - sigmaY: the standard deviation along a column in pixels, above 0.
    /// - Throws: `TensorError` where a kernel is even or too large.
    public func gaussianBlur(kernelWidth: Int, kernelHeight: Int, sigmaX: Double, sigmaY: Double) throws {
        guard kernelWidth > 0, kernelHeight > 0, kernelWidth % 2 == 1, kernelHeight % 2 == 1, sigmaX > 0, sigmaY > 0
        else {
            throw TensorError(
                "GaussianBlur",
                "a kernel of \(kernelWidth)×\(kernelHeight) with sigma \(sigmaX), \(sigmaY). Expected odd sizes and "
                    + "positive deviations.")
        }
        let (radiusX, radiusY) = (kernelWidth / 2, kernelHeight / 2)
        guard radiusX < width, radiusY < height else {
            throw TensorError(
                "GaussianBlur",
                "a kernel of \(kernelWidth)×\(kernelHeight) reaches beyond an image of \(width)×\(height) mirrored at "
                    + "its borders. Expected half of it below the image's size.")
        }
        let (horizontal, vertical) = (Self.gaussian(kernelWidth, sigmaX), Self.gaussian(kernelHeight, sigmaY))
        let scratch = scratchFloats(planeCount + width + 2 * radiusX)
        let (plane, rows, columns, isByte, planes) = (
            planeCount, Int64(height), Int64(width), element == .byte, channels
        )
        map { old, new in
            for channel in 0..<planes {
                let offset = channel * plane
                if isByte {
                    apus_image_blur_bytes(
                        old.assumingMemoryBound(to: UInt8.self) + offset, rows, columns, horizontal, Int64(radiusX),
                        vertical, Int64(radiusY), scratch, new.assumingMemoryBound(to: UInt8.self) + offset)
                } else {
                    apus_image_blur_floats(
                        old.assumingMemoryBound(to: Float.self) + offset, rows, columns, horizontal, Int64(radiusX),
                        vertical, Int64(radiusY), scratch, new.assumingMemoryBound(to: Float.self) + offset)
                }
            }
        }
    }

    /// The weights of torchvision: exp(-(x/σ)²) at `size` points from -(size - 1) / √8 to (size - 1) / √8, their sum 1.
    private static func gaussian(_ size: Int, _ sigma: Double) -> [Float] {
        let limit = Double(size - 1) / 8.0.squareRoot()
        let weights = (0..<size).map { index in
            let x = size == 1 ? 0 : -limit + 2 * limit * Double(index) / Double(size - 1)
            return exp(-(x / sigma) * (x / sigma))
        }
        let sum = weights.reduce(0, +)
        return weights.map { Float($0 / sum) }
    }

    /// Blends with a smoothed image: 0 smooth, 1 unchanged, 2 sharper
    /// (`torchvision.transforms.functional.adjust_sharpness`). An image of up to 2 rows or columns stays.
    public func adjustSharpness(_ factor: Double) throws {
        guard factor >= 0 else { throw TensorError("adjustSharpness", "the factor \(factor) is negative.") }
        guard channels == 1 || channels == 3 else {
            throw TensorError("adjustSharpness", "an image of \(channels) channels. Expected 1 or 3.")
        }
        guard height > 2, width > 2 else { return }
        let (plane, rows, columns, isByte, planes) = (
            planeCount, Int64(height), Int64(width), element == .byte, channels
        )
        replace { old, new in
            for channel in 0..<planes {
                let offset = channel * plane
                if isByte {
                    apus_image_sharpness_bytes(
                        old.assumingMemoryBound(to: UInt8.self) + offset, rows, columns, factor,
                        new.assumingMemoryBound(to: UInt8.self) + offset)
                } else {
                    apus_image_sharpness_floats(
                        old.assumingMemoryBound(to: Float.self) + offset, rows, columns, factor,
                        new.assumingMemoryBound(to: Float.self) + offset)
                }
            }
        }
    }
}
