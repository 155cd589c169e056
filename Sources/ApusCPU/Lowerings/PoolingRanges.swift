import ApusGraph
import CKernels

/// Images in lanes, or blocks of sixteen channels: one group for each sixteen images, or for each block.
struct PoolingLanes: Sendable {
    private let pooling: ApusLanesPooling
    private let groups: Int

    init(_ kind: LanesKind, _ geometry: PoolingGeometry, input: Shape, output: Shape) {
        pooling = ApusLanesPooling(
            channels: Int32(kind.channels(input)), inputHeight: Int32(input[2]), inputWidth: Int32(input[3]),
            outputHeight: Int32(output[2]), outputWidth: Int32(output[3]),
            kernelHeight: Int32(geometry.kernelSize[0]), kernelWidth: Int32(geometry.kernelSize[1]),
            strideHeight: Int32(geometry.stride[0]), strideWidth: Int32(geometry.stride[1]),
            paddingHeight: Int32(geometry.padding[0]), paddingWidth: Int32(geometry.padding[1]))
        groups = kind.groups(input)
    }

    func inParallel(_ body: (UnsafePointer<ApusLanesPooling>, Int64, Int64) -> Void) {
        Parallel.ranges(groups) { range, _ in
            withUnsafePointer(to: pooling) { body($0, Int64(range.lowerBound), Int64(range.upperBound)) }
        }
    }
}

/// Row-major planes [H, W], one for each sample and channel.
struct PoolingPlanes: Sendable {
    private let pooling: ApusPooling
    private let count: Int
    private let work: Int

    init(_ geometry: PoolingGeometry, input: Shape, output: Shape) {
        pooling = ApusPooling(
            inputHeight: Int64(input[2]), inputWidth: Int64(input[3]), outputHeight: Int64(output[2]),
            outputWidth: Int64(output[3]), kernelHeight: Int64(geometry.kernelSize[0]),
            kernelWidth: Int64(geometry.kernelSize[1]), strideHeight: Int64(geometry.stride[0]),
            strideWidth: Int64(geometry.stride[1]), paddingHeight: Int64(geometry.padding[0]),
            paddingWidth: Int64(geometry.padding[1]), dilationHeight: Int64(geometry.dilation[0]),
            dilationWidth: Int64(geometry.dilation[1]))
        count = input[0] * input[1]
        work = max(1, output[2] * output[3] * geometry.kernelSize[0] * geometry.kernelSize[1])
    }

    func inParallel(_ body: (UnsafePointer<ApusPooling>, Int64, Int64) -> Void) {
        Parallel.ranges(count, grain: max(1, Parallel.smallWork / work)) { range, _ in
            withUnsafePointer(to: pooling) { body($0, Int64(range.lowerBound), Int64(range.upperBound)) }
        }
    }
}
