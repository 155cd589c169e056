import ApusGraph
import ApusPlan
import CKernels

/// Images in lanes, or blocks of channels: one plane for each channel of sixteen images, or for each block.
struct PoolingLanes: Sendable {
    private let pooling: ApusLanesPooling
    private let planes: Int
    private let grain: Int

    init(_ kind: LanesKind, _ geometry: PoolingGeometry, input: Shape, output: Shape) {
        pooling = ApusLanesPooling(
            inputHeight: Int32(input[2]), inputWidth: Int32(input[3]),
            outputHeight: Int32(output[2]), outputWidth: Int32(output[3]),
            kernelHeight: Int32(geometry.kernelSize[0]), kernelWidth: Int32(geometry.kernelSize[1]),
            strideHeight: Int32(geometry.stride[0]), strideWidth: Int32(geometry.stride[1]),
            paddingHeight: Int32(geometry.padding[0]), paddingWidth: Int32(geometry.padding[1]),
            lanes: Int32(kind.lanes))
        planes = kind.groups(input) * kind.channels(input)
        grain = max(1, Parallel.smallWork / max(1, max(input[2] * input[3], output[2] * output[3]) * kind.lanes))
    }

    func inParallel(_ body: (UnsafePointer<ApusLanesPooling>, Int64, Int64) -> Void) {
        Parallel.ranges(planes, grain: grain) { range, _ in
            withUnsafePointer(to: pooling) { body($0, Int64(range.lowerBound), Int64(range.upperBound)) }
        }
    }
}

/// Row-major planes [D, H, W], one for each sample and channel; fewer spatial dimensions have a depth and height of one.
struct PoolingPlanes: Sendable {
    /// Whether the kernels can pool planes of this shape: positions in them are 32-bit.
    static func fits(_ input: Shape) -> Bool {
        (3...5).contains(input.rank) && input.elementCount > 0
            && input.dimensions.dropFirst(2).reduce(1, *) < 1 << 30
    }

    private let pooling: ApusPooling
    private let count: Int
    private let grain: Int
    private let scratchBytesPerThread: Int

    init(_ geometry: PoolingGeometry, input: Shape, output: Shape) {
        let axes = (0..<geometry.spatialRank).map { dimension in
            ApusPoolingAxis(
                input: Int64(input[dimension + 2]), output: Int64(output[dimension + 2]),
                kernel: Int64(geometry.kernelSize[dimension]), stride: Int64(geometry.stride[dimension]),
                padding: Int64(geometry.padding[dimension]), dilation: Int64(geometry.dilation[dimension]))
        }
        let taps = geometry.kernelSize.reduce(1, *)
        self.init(axes, input, work: output.dimensions.dropFirst(2).reduce(1, *) * min(taps, 1 << 20))
    }

    /// Windows that cover the planes evenly.
    init(adaptive input: Shape, output: Shape) {
        let axes = (2..<input.rank).map { dimension in
            ApusPoolingAxis(
                input: Int64(input[dimension]), output: Int64(output[dimension]), kernel: 0, stride: 1, padding: 0,
                dilation: 1)
        }
        self.init(
            axes, input,
            work: max(input.dimensions.dropFirst(2).reduce(1, *), output.dimensions.dropFirst(2).reduce(1, *)))
    }

    private init(_ axes: [ApusPoolingAxis], _ input: Shape, work: Int) {
        let whole = ApusPoolingAxis(input: 1, output: 1, kernel: 1, stride: 1, padding: 0, dilation: 1)
        let three = [ApusPoolingAxis](repeating: whole, count: 3 - axes.count) + axes
        var pooling = ApusPooling(depth: three[0], height: three[1], width: three[2])
        scratchBytesPerThread = (Int(apus_pooling_scratch_floats(&pooling)) * MemoryLayout<Float>.stride + 63) / 64 * 64
        self.pooling = pooling
        count = input[0] * input[1]
        grain = max(1, Parallel.smallWork / max(1, work))
    }

    /// A step that calls `body` with working memory, for ranges of planes in parallel.
    func step(
        _ body:
            @escaping @Sendable (
                Operands, UnsafePointer<ApusPooling>, UnsafeMutablePointer<Float>, Int64, Int64
            ) -> Void
    ) -> PreparedStep {
        PreparedStep(kernel: "planes", scratchBytes: scratchBytesPerThread * CPUInfo.threadCount) {
            [self] operands, scratch in
            Parallel.ranges(count, grain: grain) { range, thread in
                let memory = (scratch + thread * scratchBytesPerThread).floats
                withUnsafePointer(to: pooling) {
                    body(operands, $0, memory, Int64(range.lowerBound), Int64(range.upperBound))
                }
            }
        }
    }

    /// The largest elements, and their positions unless `positions` is nil: the number of an operand.
    func maximum(positions: Int?) -> PreparedStep {
        step { operands, pooling, scratch, begin, end in
            let places = positions.map { operands[$0].assumingMemoryBound(to: Int64.self) }
            apus_max_pool_forward(pooling, operands[0].floats, operands[1].floats, places, scratch, begin, end)
        }
    }

    /// The means.
    func average(countIncludePad: Bool, divisor: Int) -> PreparedStep {
        step { operands, pooling, scratch, begin, end in
            apus_average_pool_forward(
                pooling, countIncludePad ? 1 : 0, Int64(divisor), operands[0].floats, operands[1].floats, scratch,
                begin,
                end)
        }
    }

    /// The means' gradient.
    func averageGradient(countIncludePad: Bool, divisor: Int) -> PreparedStep {
        step { operands, pooling, scratch, begin, end in
            apus_average_pool_backward(
                pooling, countIncludePad ? 1 : 0, Int64(divisor), operands[0].floats, operands[1].floats, scratch,
                begin,
                end)
        }
    }
}
