import ApusGraph
import ApusPlan
import CCUDA

extension KernelSource {
    /// `E`: an unsigned type of the size of what is moved at once; `I`: the unsigned type of positions.
    fileprivate static let stridedCopy = KernelSource(
        name: "strided copy",
        code: """
            // Where the element at a row-major position of a box lies.
            __device__ inline int64 box_offset(const Dimensions& box, I position) {
                int64 offset = 0;
                for (int d = (int)box.rank - 1; d > 0; d--) {
                    const I size = (I)box.sizes[d];
                    const I rest = position / size;
                    offset += (int64)(position - rest * size) * box.strides[d];
                    position = rest;
                }
                // What is left is the place along the outermost dimension.
                return box.rank > 0 ? offset + (int64)position * box.strides[0] : offset;
            }

            extern "C" __global__ void strided_gather(
                const E* __restrict__ x, E* __restrict__ y, Dimensions box, int64 start, int64 count) {
                APUS_LOOP(i, count) y[i] = x[start + box_offset(box, (I)i)];
            }

            extern "C" __global__ void strided_scatter(
                const E* __restrict__ x, E* __restrict__ y, Dimensions box, int64 start, int64 count) {
                APUS_LOOP(i, count) y[start + box_offset(box, (I)i)] = x[i];
            }
            """)
}

/// A copy between a row-major array and a box of another one: what stretching, slicing, turning and joining come down
/// to.
///
/// The two arrays must not overlap.
struct StridedCopy: Sendable {
    /// Which side is the box.
    enum Direction: Sendable {
        case fromBox
        case toBox
    }

    private let direction: Direction
    /// The size of what is moved at once: one element, or several where they stay neighbours.
    private let byteCount: Int
    private let box: ApusDimensions
    /// Where the box begins in the other array.
    private let start: Int
    /// How often something is moved.
    private let count: Int
    private let isOneRun: Bool
    private let kernel: CUDAKernel

    /// - Parameters:
    ///   - dtype: the type of the elements.
    ///   - sizes: the sizes of the box.
    ///   - strides: the distances between neighbours in the array that has the box, in elements; 0 and negative ones too.
    ///   - start: where the box begins.
    ///   - direction: which side is the box.
    ///   - operation: the name in errors.
    init(
        _ dtype: DType, sizes: [Int], strides: [Int], start: Int = 0, _ direction: Direction, operation: String
    ) throws {
        var (sizes, strides) = Self.joined(sizes, strides)
        isOneRun = sizes.isEmpty || strides == [1]
        let factor = Self.factor(dtype, sizes, strides, start)
        if let last = sizes.indices.last, factor > 1 {
            sizes[last] /= factor
            for dimension in strides.indices.dropLast() { strides[dimension] /= factor }
        }
        self.direction = direction
        self.start = start / factor
        byteCount = dtype.byteCount * factor
        box = try ApusDimensions(sizes, strides: strides, of: operation)
        count = sizes.reduce(1, *)
        kernel = CUDAKernel(
            .stridedCopy, direction == .fromBox ? "strided_gather" : "strided_scatter",
            macros: ["E": ElementBits.name(byteCount: byteCount), "I": ElementBits.indexName(count: count)])
    }

    /// Neighbouring dimensions that are one in memory as one; those of size 1 are left out.
    static func joined(_ sizes: [Int], _ strides: [Int]) -> (sizes: [Int], strides: [Int]) {
        var (joinedSizes, joinedStrides): ([Int], [Int]) = ([], [])
        for (size, stride) in zip(sizes, strides) where size != 1 {
            if let last = joinedStrides.last, last == stride * size {
                joinedSizes[joinedSizes.count - 1] *= size
                joinedStrides[joinedStrides.count - 1] = stride
            } else {
                joinedSizes.append(size)
                joinedStrides.append(stride)
            }
        }
        return (joinedSizes, joinedStrides)
    }

    /// How many elements can be moved at once, up to 16 bytes: runs of them stay together, and lie at multiples.
    private static func factor(_ dtype: DType, _ sizes: [Int], _ strides: [Int], _ start: Int) -> Int {
        guard let length = sizes.last, strides.last == 1 else { return 1 }
        var factor = 16 / dtype.byteCount
        while factor > 1 {
            if ([length, start] + strides.dropLast()).allSatisfy({ $0 % factor == 0 }) { return factor }
            factor /= 2
        }
        return 1
    }

    /// Puts the copy into the device's queue.
    func run(on device: CUDADevice, from source: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer) throws {
        guard count > 0 else { return }
        guard !isOneRun else {
            let (offset, bytes) = (start * byteCount, count * byteCount)
            return try device.context().copy(
                direction == .toBox ? target + offset : target, from: direction == .fromBox ? source + offset : source,
                byteCount: bytes)
        }
        try kernel.launch(
            on: device, count: count, .address(source), .address(target), .dimensions(box), .int(start), .int(count))
    }

    /// A step that takes the box out of its first input.
    func step(on device: CUDADevice) -> PreparedStep {
        PreparedStep(kernel: "strided copy") { operands, _ in
            try run(on: device, from: operands[0], to: operands[1])
        }
    }
}

/// A step whose result has the elements of its first input in the same order.
func copyStep(_ step: StepDescription, on device: CUDADevice) -> PreparedStep {
    let (bytes, result) = (step.outputs[0].spec.byteCount, step.inputs.count)
    return PreparedStep(kernel: "copy") { operands, _ in
        guard operands[0] != operands[result] else { return }
        try device.context().copy(operands[result], from: operands[0], byteCount: bytes)
    }
}
