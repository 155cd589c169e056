import ApusEngine
import ApusGraph
import Testing

@testable import ApusData

/// A pattern of bytes, [channels, height, width].
func patternImage(_ channels: Int, _ height: Int, _ width: Int, seed: Int = 0) -> Tensor {
    let count = channels * height * width
    return Tensor(
        (0..<count).map { UInt8(truncatingIfNeeded: ($0 &+ seed &* 31) &* 97 &+ $0 / 7) },
        shape: Shape([channels, height, width]))
}

@Suite struct TransformTests {
    @Test func composeRunsInOrder() throws {
        let transform = Compose([ToTensor(), Normalize(mean: [0.5], std: [0.25])])
        let result = try transform(Tensor([0, 51, 255] as [UInt8], shape: [1, 1, 3]))
        #expect(result.array(as: Float.self) == [-2, (Float(51) / 255 - 0.5) / 0.25, 2])
        let format = ImageFormat(channels: 1, height: 1, width: 3)
        #expect(try transform.output(for: format).element == .float)
    }

    /// ToTensor divides, ToDtype multiplies: both are PyTorch's.
    @Test func bytesBecomeFloats() throws {
        let bytes = Tensor((0...255).map { UInt8($0) }, shape: [1, 16, 16])
        #expect(try ToTensor()(bytes).array(as: Float.self) == (0...255).map { Float($0) / 255 })
        #expect(
            try ToDtype(.float, scale: true)(bytes).array(as: Float.self) == (0...255).map { Float($0) * (1 / 255) })
        #expect(try ToDtype(.float)(bytes).array(as: Float.self) == (0...255).map { Float($0) })
        let back = try ToDtype(.byte, scale: true)(ToTensor()(bytes))
        #expect(back.array(as: UInt8.self) == (0...255).map { UInt8($0) })
    }

    @Test func normalizeNeedsFloatsAndFittingCounts() throws {
        let normalize = Normalize(mean: [0.5, 0.5], std: [1, 1])
        #expect(throws: TensorError.self) { try normalize(patternImage(2, 3, 3)) }
        #expect(throws: TensorError.self) { try Compose([ToTensor(), normalize])(patternImage(3, 3, 3)) }
        #expect(try Compose([ToTensor(), normalize])(patternImage(2, 3, 3)).shape == [2, 3, 3])
    }

    @Test(arguments: [
        (28, 28, 56, 56), (30, 20, 84, 56), (20, 30, 56, 84), (7, 100, 56, 800),
    ])
    func resizeOfTheShorterSide(height: Int, width: Int, newHeight: Int, newWidth: Int) throws {
        let result = try Resize(56)(patternImage(1, height, width))
        #expect(result.shape == [1, newHeight, newWidth])
    }

    @Test func resizeRespectsMaxSize() throws {
        #expect(try Resize(10, maxSize: 15)(patternImage(1, 20, 40)).shape == [1, 7, 15])
        #expect(try Resize(10, maxSize: 30)(patternImage(1, 20, 40)).shape == [1, 10, 20])
    }

    /// A constant image stays constant whatever is done to its size.
    @Test(arguments: ImageInterpolation.allCases, [true, false])
    func resizeKeepsAConstant(interpolation: ImageInterpolation, antialias: Bool) throws {
        for value: UInt8 in [0, 1, 127, 254, 255] {
            let image = Tensor([UInt8](repeating: value, count: 3 * 17 * 31), shape: [3, 17, 31])
            for size in [5, 17, 64] {
                let result = try Resize(
                    .exact(height: size, width: 40 - size / 2), interpolation: interpolation, antialias: antialias)(
                        image)
                #expect(result.array(as: UInt8.self).allSatisfy { $0 == value })
            }
        }
    }

    @Test func randomCropOfPaddedImages() throws {
        let image = patternImage(3, 32, 32)
        let pixels = image.array(as: UInt8.self)
        for seed in 0..<20 {
            let result = try RandomCrop(32, padding: 4)(image, generator: Generator(seed: UInt64(seed)))
            #expect(result.shape == [3, 32, 32])
            // The result is the image shifted by up to four pixels, with zeros beyond it.
            let crop = result.array(as: UInt8.self)
            let shifts = (-4...4).flatMap { dy in (-4...4).map { (dy, $0) } }
            #expect(
                shifts.contains { dy, dx in
                    (0..<32).allSatisfy { y in
                        (0..<32).allSatisfy { x in
                            let (sy, sx) = (y + dy, x + dx)
                            let inside = (0..<32).contains(sy) && (0..<32).contains(sx)
                            return crop[y * 32 + x] == (inside ? pixels[sy * 32 + sx] : 0)
                        }
                    }
                })
        }
        #expect(throws: TensorError.self) { try RandomCrop(40)(image) }
        #expect(try RandomCrop(40, padIfNeeded: true)(image).shape == [3, 40, 40])
    }

    @Test func fiveCropNeedsRoom() throws {
        #expect(try FiveCrop(2)(patternImage(1, 5, 7)).map(\.shape) == [Shape](repeating: [1, 2, 2], count: 5))
        #expect(throws: TensorError.self) { try FiveCrop(6)(patternImage(1, 5, 7)) }
    }

    @Test func tensorsThatAreNoImagesAreRefused() {
        #expect(throws: TensorError.self) { try ToTensor()(.zeros([3])) }
        #expect(throws: TensorError.self) { try ToTensor()(.zeros([3, 0, 2])) }
        #expect(throws: TensorError.self) { try ToTensor()(Tensor([1, 2], dtype: .int64).reshape([1, 1, 2])) }
        #expect(throws: TensorError.self) { try Pad(-3)(patternImage(1, 4, 4)) }
        #expect(throws: TensorError.self) { try Pad(5, border: .reflect)(patternImage(1, 4, 4)) }
        #expect(throws: TensorError.self) { try Grayscale()(patternImage(2, 4, 4)) }
        #expect(throws: TensorError.self) { try GaussianBlur(kernelSize: 9)(patternImage(1, 4, 4)) }
        #expect(throws: TensorError.self) { try RandomErasing(p: 1, value: .random)(patternImage(1, 4, 4)) }
    }

    @Test func randomApplyRefusesChangingFormats() throws {
        let format = ImageFormat(channels: 3, height: 4, width: 4)
        #expect(throws: TensorError.self) { try RandomApply(CenterCrop(2)).output(for: format) }
        let all = try RandomApply(RandomHorizontalFlip(p: 1), p: 1)(patternImage(1, 2, 3))
        #expect(
            try all.array(as: UInt8.self) == RandomHorizontalFlip(p: 1)(patternImage(1, 2, 3)).array(as: UInt8.self))
    }
}
