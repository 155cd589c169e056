import ApusGraph
import ApusPlan
import CKernels
import COneDNN

/// A convolution of small planes or with strides, whose kernels keep a part of the filters in the nearest cache for many
/// pixels (`block_convolution.h`).
struct BlockConvolution: Sendable {
    private var sizes: ApusBlockConvolution
    private let images: Int
    /// Images whose planes are padded, and then convolved, at once.
    private let imagesAtOnce: Int
    private let filters: [Int]

    /// The channels side by side, in tensors and filters alike: a vector.
    private static let block = 8

    /// nil where oneDNN's kernels are as fast, or the layout is not ours: other channels than blocks of a vector, groups.
    ///
    /// Measured with two threads of AVX2 in ResNet-18 with one image, in GFLOP/s of a peak of 206: for 512 → 512 channels of
    /// 7×7 oneDNN's reach 68 to 110 and ours 152 to 157 (where Winograd's are estimated to be faster still, those are taken);
    /// at stride 2, 82 to 101 and 143 for rows of 7 pixels, 100 to 112 and 138 for 14, 111 to 116 and 122 for 28. Longer
    /// rows, and single pixels as kernels, leave nothing to gain. With AVX-512 oneDNN has other kernels.
    static func preferred(_ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape) -> BlockConvolution? {
        guard apus_kernels_isa() == ApusISAAVX2, supports(geometry, x: x, weight: weight),
            weight[2] * weight[3] > 1, y[3] <= (geometry.stride[1] > 1 ? 28 : 8)
        else { return nil }
        return BlockConvolution(geometry, x: x, weight: weight, y: y)
    }

    /// Whether the kernels compute this at all.
    static func supports(_ geometry: ConvolutionGeometry, x: Shape, weight: Shape) -> Bool {
        geometry.spatialRank == 2 && geometry.groups == 1 && x[1] % block == 0 && weight[0] % block == 0
            && geometry.paddingBefore.allSatisfy { $0 >= 0 }
    }

    /// - Parameter imagesAtOnce: as many as keep the threads busy, unless told.
    init(_ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape, imagesAtOnce: Int? = nil) {
        images = x[0]
        filters = weight.dimensions
        let used = (0..<2).map { Self.usedTaps(geometry, x: x, weight: weight, y: y, dimension: $0) }
        let padding = (0..<2).map { geometry.paddingBefore[$0] - used[$0].lowerBound * geometry.dilation[$0] }
        sizes = ApusBlockConvolution(
            images: 1, inputBlocks: Int64(x[1] / Self.block), outputBlocks: Int64(y[1] / Self.block),
            inputHeight: Int64(x[2]), inputWidth: Int64(x[3]), outputHeight: Int64(y[2]), outputWidth: Int64(y[3]),
            kernelHeight: Int64(used[0].count), kernelWidth: Int64(used[1].count),
            strideHeight: Int64(geometry.stride[0]), strideWidth: Int64(geometry.stride[1]),
            dilationHeight: Int64(geometry.dilation[0]), dilationWidth: Int64(geometry.dilation[1]),
            paddingTop: Int64(padding[0]), paddingLeft: Int64(padding[1]), filterHeight: Int64(weight[2]),
            filterWidth: Int64(weight[3]), firstRow: Int64(used[0].lowerBound), firstColumn: Int64(used[1].lowerBound))
        // At least four tasks a thread, since the last one to end keeps the others waiting for an eighth of the time on
        // average, and four full tasks for each panel of filters.
        let tasks = withUnsafePointer(to: sizes) { Int(apus_block_convolution_tasks($0)) }
        let pixels = y[2] * y[3]
        self.imagesAtOnce = min(
            images,
            imagesAtOnce
                ?? max(4 * CPUInfo.threadCount / tasks, (4 * Int(APUS_BLOCK_CONVOLUTION_PIXELS) + pixels - 1) / pixels))
    }

    /// The taps of a dimension that some window lays on the input, one of three for a plane of one pixel; all of them if
    /// there are none, or if the first window would begin behind the input's start without the others.
    private static func usedTaps(
        _ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape, dimension: Int
    ) -> Range<Int> {
        let (stride, dilation) = (geometry.stride[dimension], geometry.dilation[dimension])
        let used = (0..<weight[dimension + 2]).filter { tap in
            (0..<y[dimension + 2]).contains {
                (0..<x[dimension + 2]).contains($0 * stride + tap * dilation - geometry.paddingBefore[dimension])
            }
        }
        guard let first = used.first, let last = used.last,
            geometry.paddingBefore[dimension] >= first * dilation
        else { return 0..<weight[dimension + 2] }
        return first..<last + 1
    }

    /// The layouts of the step's inputs and its result: images in blocks, filters as of `OIhw8i8o`, the bias plain.
    func layouts(_ step: StepDescription, hasBias: Bool) throws -> StepLayouts {
        let result = try PhysicalLayout.channelBlocks(of: Self.block, step.outputs[0].spec.shape)
        let weight = try OneDNNDescriptor(
            apus_memory_descriptor_create_blocked_filters(filters.map(Int64.init), Int32(Self.block))
        ).layout
        let image = try PhysicalLayout.channelBlocks(of: Self.block, step.inputs[0].spec.shape)
        let rest = step.inputs.dropFirst(hasBias ? 3 : 2).map { _ in result }
        return StepLayouts(inputs: [image, weight] + (hasBias ? [.plain] : []) + rest, outputs: [result])
    }

    /// The step: its operands are the input, the filters, the bias and what is added to it where there are such, and the
    /// result, which may be the addend.
    func step(hasBias: Bool, addsInput: Bool, activation: ApusActivation) -> PreparedStep {
        let own = self
        let (isPadded, height, width) = withUnsafePointer(to: sizes) {
            (
                apus_block_convolution_is_padded($0) != 0, Int(apus_block_convolution_height($0)),
                Int(apus_block_convolution_width($0))
            )
        }
        let channels = Int(sizes.inputBlocks) * Self.block
        let imageSize = (
            input: channels * Int(sizes.inputHeight * sizes.inputWidth),
            output: Int(sizes.outputBlocks * sizes.outputHeight * sizes.outputWidth) * Self.block
        )
        let scratchBytes = isPadded ? imagesAtOnce * channels * height * width * MemoryLayout<Float>.stride : 0
        return PreparedStep(kernel: "blocks", scratchBytes: scratchBytes) { operands, scratch in
            let result = operands.count - 1
            let addend = addsInput ? operands[result - 1].floats : nil
            for first in stride(from: 0, to: own.images, by: own.imagesAtOnce) {
                var sizes = own.sizes
                sizes.images = Int64(min(own.imagesAtOnce, own.images - first))
                let input = operands[0].floats + first * imageSize.input
                let place = first * imageSize.output
                withUnsafePointer(to: sizes) { sizes in
                    if isPadded {
                        Parallel.ranges(
                            Int(sizes.pointee.images * sizes.pointee.inputBlocks),
                            grain: max(1, Parallel.smallWork / (height * width * Self.block))
                        ) { range, _ in
                            apus_block_convolution_pad(
                                sizes, input, scratch.floats, Int64(range.lowerBound), Int64(range.upperBound))
                        }
                    }
                    Parallel.ranges(Int(apus_block_convolution_tasks(sizes))) { range, _ in
                        apus_block_convolution_forward(
                            sizes, isPadded ? scratch.floats : input, operands[1].floats,
                            hasBias ? operands[2].floats : nil, addend.map { $0 + place }, activation,
                            operands[result].floats + place, Int64(range.lowerBound), Int64(range.upperBound))
                    }
                }
            }
        }
    }
}
