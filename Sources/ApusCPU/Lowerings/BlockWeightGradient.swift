import ApusGraph
import ApusPlan
import CKernels

/// The gradient of a convolution's filters for small planes or with strides (`block_weight_gradient.h`).
///
/// Each task has sums of its own: for some pieces of the batch, or some of the channels. The pieces are as many as the sizes
/// say, and are added in order, so that the bits do not depend on the number of threads.
struct BlockWeightGradient: Sendable {
    private let sizes: ApusBlockWeightGradient
    private let images: Int
    /// Pieces of the batch, parts of the input channels, and parts of the pairs of blocks of output channels.
    private let pieces: Int
    private let inputTasks: Int
    private let outputTasks: Int
    /// Whether the gradient of the filters is written past the caches.
    private let streams: Bool

    /// The channels side by side: a vector.
    private static var block: Int { apus_kernels_isa() == ApusISAAVX512 ? 16 : 8 }

    /// nil where oneDNN's kernels are as fast, or the layout is not ours: other channels than blocks of a vector, groups.
    ///
    /// - Parameter usesGemm: whether oneDNN would multiply matrices image by image.
    static func preferred(
        _ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape, usesGemm: () throws -> Bool
    ) rethrows -> BlockWeightGradient? {
        guard supports(geometry, x: x, weight: weight) else { return nil }
        let isChosen =
            apus_kernels_isa() == ApusISAAVX2 && x[0] >= 4
            && (weight[2] * weight[3] > 1 || geometry.stride[1] > 1)
            && y[3] <= (geometry.stride[1] > 1 ? 28 : 14)
        guard try isChosen || usesGemm() else { return nil }
        return BlockWeightGradient(geometry, x: x, weight: weight, y: y)
    }

    /// Whether the kernels compute this at all.
    static func supports(_ geometry: ConvolutionGeometry, x: Shape, weight: Shape) -> Bool {
        apus_kernels_isa() != ApusISABaseline && geometry.spatialRank == 2 && geometry.groups == 1
            && x[1] % block == 0 && weight[0] % block == 0 && geometry.paddingBefore.allSatisfy { $0 >= 0 }
    }

    /// - Parameters:
    ///   - imagesAtOnce: images whose pixels at one place are a run; by the sizes, unless told.
    ///   - rowsAtOnce: rows of the result whose input is copied at once; by the sizes, unless told.
    ///   - pieces: those of the batch; by the sizes, unless told.
    ///   - streams: whether the gradient of the filters is written past the caches; by its size, unless told.
    init(
        _ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape, imagesAtOnce: Int? = nil,
        rowsAtOnce: Int? = nil, pieces: Int? = nil, streams: Bool? = nil
    ) {
        let block = Self.block
        images = x[0]
        let (inputBlocks, outputBlocks) = (x[1] / block, y[1] / block)
        // The copied rows stay in the second cache: 160 KB of half a megabyte.
        let rowFloats = x[3] * min(inputBlocks, Int(APUS_BLOCK_WEIGHT_GRADIENT_INPUTS)) * block
        let room = 40_960 / rowFloats
        // Rows of up to 8 pixels are short runs; images side by side are long ones, of 8 to 64 pixels, or 128 of one a plane.
        let most = y[2] * y[3] == 1 ? 128 : 64
        let together = imagesAtOnce ?? (y[3] > 8 || room / x[2] < 8 ? 1 : min(most, room / x[2]))
        let rows =
            rowsAtOnce
            ?? (together > 1
                ? y[2] : (room - (weight[2] - 1) * geometry.dilation[0] - 1) / geometry.stride[0] + 1)
        let used = (0..<2).map { geometry.usedTaps(x: x, weight: weight, y: y, dimension: $0) }
        var sizes = ApusBlockWeightGradient(
            images: Int64(images), inputBlocks: Int64(inputBlocks), outputBlocks: Int64(outputBlocks),
            inputHeight: Int64(x[2]), inputWidth: Int64(x[3]), outputHeight: Int64(y[2]), outputWidth: Int64(y[3]),
            kernelHeight: Int64(weight[2]), kernelWidth: Int64(weight[3]),
            strideHeight: Int64(geometry.stride[0]), strideWidth: Int64(geometry.stride[1]),
            dilationHeight: Int64(geometry.dilation[0]), dilationWidth: Int64(geometry.dilation[1]),
            paddingTop: Int64(geometry.paddingBefore[0]), paddingLeft: Int64(geometry.paddingBefore[1]),
            firstTapRow: Int64(used[0].lowerBound), tapRows: Int64(used[0].count),
            firstTapColumn: Int64(used[1].lowerBound), tapColumns: Int64(used[1].count),
            block: Int64(block), imagesAtOnce: Int64(min(images, together)), rowsAtOnce: Int64(max(1, min(y[2], rows))))
        // Sixteen tasks keep eight threads busy. Pieces cost sums that are read again: at most a quarter of the data.
        let tasks = 16
        let sums = weight[0] * weight[1] * used[0].count * used[1].count
        self.pieces = pieces ?? max(1, min((x.elementCount + y.elementCount) / (4 * sums), tasks, images))
        // Tasks for some of the inputs each copy these once. Single pixels leave little to compute between reading inputs and
        // outputs: channels are cut both ways then.
        let parts = Int(apus_block_weight_gradient_parts(&sizes))
        let pairs = Int(apus_block_weight_gradient_pairs(&sizes))
        let shares = (tasks + self.pieces - 1) / self.pieces
        inputTasks = shares == 1 ? 1 : y[2] * y[3] == 1 ? min(parts, Int(Double(shares).squareRoot())) : parts
        outputTasks = min(pairs, (shares + inputTasks - 1) / inputTasks)
        // The optimizer reads the gradients when all of them are written: what fills an eighth of the last cache is in
        // memory by then.
        self.streams = streams ?? (weight.elementCount * MemoryLayout<Float>.stride > CPUInfo.lastCacheBytes / 8)
        self.sizes = sizes
    }

    /// The layouts: images in blocks, the gradients plain.
    func layouts(_ step: StepDescription) throws -> StepLayouts {
        let block = Int(sizes.block)
        return StepLayouts(
            inputs: try step.inputs.map { try .channelBlocks(of: block, $0.spec.shape) },
            outputs: step.outputs.map { _ in .plain })
    }

    /// The step: its operands are x, dy, the gradient of the filters and, where asked for, that of the bias.
    func step(withBias: Bool) -> PreparedStep {
        let (sizes, images, pieces, inputTasks, outputTasks) = (sizes, images, pieces, inputTasks, outputTasks)
        let streams: Int32 = streams ? 1 : 0
        let (parts, pairs, chunks, sums, threadFloats) = withUnsafePointer(to: sizes) {
            (
                Int(apus_block_weight_gradient_parts($0)), Int(apus_block_weight_gradient_pairs($0)),
                Int(apus_block_weight_gradient_chunks($0)),
                Int(apus_block_weight_gradient_sums($0)), (Int(apus_block_weight_gradient_scratch($0)) + 15) / 16 * 16
            )
        }
        let floats = pieces * sums + CPUInfo.threadCount * threadFloats
        return PreparedStep(kernel: "blocks", scratchBytes: floats * MemoryLayout<Float>.stride) { operands, scratch in
            let working = scratch.floats + pieces * sums
            withUnsafePointer(to: sizes) { sizes in
                Parallel.tasks(pieces * inputTasks * outputTasks) { task, thread in
                    let (piece, rest) = task.quotientAndRemainder(dividingBy: inputTasks * outputTasks)
                    let (input, output) = rest.quotientAndRemainder(dividingBy: outputTasks)
                    apus_block_weight_gradient(
                        sizes, operands[0].floats, operands[1].floats, scratch.floats + piece * sums,
                        working + thread * threadFloats, Int64(images * piece / pieces),
                        Int64(images * (piece + 1) / pieces), Int64(parts * input / inputTasks),
                        Int64(parts * (input + 1) / inputTasks), Int64(pairs * output / outputTasks),
                        Int64(pairs * (output + 1) / outputTasks))
                }
                Parallel.ranges(pairs * chunks) { range, _ in
                    apus_block_weight_gradient_finish(
                        sizes, scratch.floats, Int64(pieces), streams, operands[2].floats,
                        withBias ? operands[3].floats : nil, Int64(range.lowerBound), Int64(range.upperBound))
                }
            }
        }
    }
}
