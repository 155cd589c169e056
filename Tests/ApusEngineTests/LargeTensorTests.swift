import ApusEngine
import ApusGraph
import Foundation
import Testing

/// Tensors of over 2³¹ bytes, whose last elements no 32-bit offset reaches.
@Suite(.serialized) struct LargeTensorTests {
    /// What a test needs: an operand of 2 GiB, a result, and as much again for what stands between.
    private static let neededGiB = 8
    /// What the gradient needs: the vector, its square, the two products that are its slopes and their sum.
    private static let neededGiBOfGradients = 12

    /// What Linux says that new programs may use without swapping; 0 where that is not known.
    private static let availableGiB: Int = {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return kibibytes >> 20
    }()

    private static var hasMemory: Bool { availableGiB >= neededGiB }
    private static var hasMemoryOfGradients: Bool { availableGiB >= neededGiBOfGradients }

    /// One element more than 2³¹ bytes hold, and a few.
    private static let count = 1 << 29 + 4096
    /// The element that begins at byte 2³¹.
    private static let far = 1 << 29

    /// Zeros but for some elements.
    private func sparse(_ shape: Shape, _ elements: [Int: Float]) -> Tensor {
        Tensor(TensorSpec(shape, .float32)) { pointer in
            memset(pointer, 0, shape.elementCount * MemoryLayout<Float>.stride)
            let floats = pointer.assumingMemoryBound(to: Float.self)
            for (position, value) in elements { floats[position] = value }
        }
    }

    private var vector: Tensor { sparse([Self.count], [7: 1, Self.far: 5, Self.count - 1: -3]) }

    @Test(.enabled(if: hasMemory, "needs 8 GiB of free memory"))
    func elementwiseFunctionsAndSlices() {
        let y = vector * 2 + 1
        #expect(y.narrow(dim: 0, start: Self.far - 1, length: 3).array() == [1, 11, 1] as [Float])
        #expect(y.narrow(dim: 0, start: Self.count - 2, length: 2).array() == [1, -5] as [Float])
        #expect(y[7].item() == 3)
    }

    @Test(.enabled(if: hasMemory, "needs 8 GiB of free memory"))
    func reductions() {
        let x = vector
        #expect(x.sum().item() == 3)
        #expect(x.amax().item() == 5)
        #expect(x.argmax().item(as: Int.self) == Self.far)
        #expect(x.argmin().item(as: Int.self) == Self.count - 1)
        let rows = x.reshape(4, Self.count / 4)
        #expect(rows.sum(dim: 1).array() == [1, 0, 0, 2] as [Float])
        #expect(rows.amin(dim: [0]).amin().item() == -3)
    }

    @Test(.enabled(if: hasMemory, "needs 8 GiB of free memory"))
    func takingElements() {
        let x = vector
        let index = Tensor([Self.count - 1, 7, Self.far, 0])
        #expect(x.indexSelect(dim: 0, index).array() == [-3, 1, 5, 0] as [Float])
        #expect(x.gather(dim: 0, index).array() == [-3, 1, 5, 0] as [Float])
    }

    @Test(.enabled(if: hasMemoryOfGradients, "needs 12 GiB of free memory"))
    func gradients() throws {
        let x = vector.requiringGrad()
        (x * x).sum().backward()
        let dx = try #require(x.grad)
        #expect(dx.narrow(dim: 0, start: Self.far - 1, length: 3).array() == [0, 10, 0] as [Float])
        #expect(dx[Self.count - 1].item() == -6)
    }

    @Test(.enabled(if: hasMemory, "needs 8 GiB of free memory"))
    func products() {
        // The last row begins beyond byte 2³¹.
        let x = sparse([Self.count / 16, 16], [3: 1, Self.count - 16: 2, Self.count - 1: 5])
        let y = x.matmul(.ones(16, 1))
        #expect(y[0, 0].item() == 1)
        #expect(y[Self.count / 16 - 1, 0].item() == 7)
    }

    @Test(.enabled(if: hasMemory, "needs 8 GiB of free memory"))
    func pooling() {
        let (height, width) = (1 << 14, 1 << 14 + 64)
        let x = sparse([1, 2, height, width], [0: 3, 2 * height * width - 1: 4])
        let window = PoolingGeometry(
            kernelSize: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false)
        let means = x.averagePool(window)
        #expect(means[0, 0, 0, 0].item() == 0.75)
        #expect(means[0, 1, height / 2 - 1, width / 2 - 1].item() == 1)
    }

    /// Elements of one byte, of which there are more than a 32-bit number counts.
    @Test(.enabled(if: hasMemory, "needs 8 GiB of free memory"))
    func moreElementsThanInt32Counts() {
        let count = 1 << 31 + 64
        let x = Tensor(TensorSpec([count], .uint8)) { pointer in
            memset(pointer, 0, count)
            pointer.storeBytes(of: 9, toByteOffset: count - 3, as: UInt8.self)
        }
        #expect(x.count == count)
        #expect(x.narrow(dim: 0, start: count - 4, length: 4).array(as: UInt8.self) == [0, 9, 0, 0])
        #expect(x.indexSelect(dim: 0, Tensor([count - 3, 0])).array(as: UInt8.self) == [9, 0])
        #expect(x.flip([0]).narrow(dim: 0, start: 0, length: 4).array(as: UInt8.self) == [0, 0, 9, 0])
    }
}
