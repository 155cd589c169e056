import ApusGraph
import ApusPlan
import CKernels
import COneDNN

/// A convolution of small planes or with strides, or the gradient of its input, whose kernels keep a part of the filters in
/// the nearest cache for many pixels (`block_convolution.h`).
struct BlockConvolution: Sendable {
    private var sizes: ApusBlockConvolution
    private let images: Int
    /// How the images are cut.
    private let order: Order
    private let filters: [Int]

    private enum Order {
        /// Blocks of pixels of one image: so many images' planes are padded, and then convolved, at once.
        case padded(images: Int)
        /// Blocks of one place of several images: copies of so many rows' input side by side, and so many at most.
        case together(rows: Int, images: Int)
    }

    /// The channels side by side, in tensors and filters alike: a vector.
    private static let block = 8

    /// nil where oneDNN's kernels are as fast, or the layout is not ours: other channels than blocks of a vector, groups.
    ///
    /// Measured with two threads of AVX2 in ResNet-18 with one image, in GFLOP/s of a peak of 206: for 512 → 512 channels of
    /// 7×7 oneDNN's reach 68 to 110 and ours 152 to 157 (where Winograd's are estimated to be faster still, those are taken);
    /// at stride 2, 82 to 101 and 143 for rows of 7 pixels, 100 to 112 and 138 for 14, 111 to 116 and 122 for 28. Longer
    /// rows, and single pixels as kernels, leave nothing to gain. With AVX-512 oneDNN has other kernels.
    ///
    /// Of batches blocks are pixels of several images, which leave out the products with padding. Measured with two threads
    /// of AVX2 and 100 images, in milliseconds of oneDNN's kernels and ours: 5×5 with 16 → 32 channels of 14×14 3.1 and 2.6
    /// forward and 3.2 and 2.7 for the input's gradient; 32 → 64 of 7×7 3.2 and 2.5 for that; 64 → 128 of 3×3 1.7 and 1.1.
    static func preferred(_ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape) -> BlockConvolution? {
        let isPadded = geometry.paddingBefore.contains { $0 > 0 }
        guard apus_kernels_isa() == ApusISAAVX2, supports(geometry, x: x, weight: weight),
            weight[2] * weight[3] > 1,
            y[3] <= (geometry.stride[1] > 1 ? 28 : x[0] >= leastImages && isPadded ? 14 : 8)
        else { return nil }
        return BlockConvolution(geometry, x: x, weight: weight, y: y)
    }

    /// Likewise for the gradient of the input, of batches only, and not with strides: for 32 → 64 channels of 3×3, stride 2
    /// and 100 images of 32×32 oneDNN's kernels take 8.3 ms and ours 10.2, since a place has one to four taps only.
    static func preferredGradient(
        _ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape
    ) -> BlockConvolution? {
        guard apus_kernels_isa() == ApusISAAVX2, supports(geometry, x: x, weight: weight),
            weight[2] * weight[3] > 1, x[0] >= leastImages, geometry.stride == [1, 1], y[3] <= 14
        else { return nil }
        return BlockConvolution(gradient: geometry, x: x, weight: weight, y: y)
    }

    /// The images of a batch from which on a block of pixels is those of several images at one place: four pixels × two
    /// vectors of sums keep the processor busy.
    private static let leastImages = 4

    /// Whether the kernels compute this at all.
    static func supports(_ geometry: ConvolutionGeometry, x: Shape, weight: Shape) -> Bool {
        geometry.spatialRank == 2 && geometry.groups == 1 && x[1] % block == 0 && weight[0] % block == 0
            && geometry.paddingBefore.allSatisfy { $0 >= 0 }
    }

    /// - Parameters:
    ///   - imagesAtOnce: as many as keep the threads busy, unless told.
    ///   - imagesTogether: whether a block of pixels is those of several images; by the sizes, unless told.
    init(
        _ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape, imagesAtOnce: Int? = nil,
        imagesTogether: Bool? = nil
    ) {
        images = x[0]
        filters = weight.dimensions
        sizes = Self.sizes(geometry, x: x, weight: weight, y: y)
        if imagesTogether ?? (x[0] >= Self.leastImages) {
            sizes.images = Int64(images)
            order = Self.together(sizes)
            return
        }
        let used = (0..<2).map { Self.usedTaps(geometry, x: x, weight: weight, y: y, dimension: $0) }
        let padding = (0..<2).map { geometry.paddingBefore[$0] - used[$0].lowerBound * geometry.dilation[$0] }
        (sizes.kernelHeight, sizes.kernelWidth) = (Int64(used[0].count), Int64(used[1].count))
        (sizes.firstRow, sizes.firstColumn) = (Int64(used[0].lowerBound), Int64(used[1].lowerBound))
        (sizes.paddingTop, sizes.paddingLeft) = (Int64(padding[0]), Int64(padding[1]))
        // At least four tasks a thread, since the last one to end keeps the others waiting for an eighth of the time on
        // average, and four full tasks for each panel of filters.
        let tasks = withUnsafePointer(to: sizes) { Int(apus_block_convolution_tasks($0)) }
        let pixels = y[2] * y[3]
        let atOnce =
            imagesAtOnce
            ?? max(4 * CPUInfo.threadCount / tasks, (4 * Int(APUS_BLOCK_CONVOLUTION_PIXELS) + pixels - 1) / pixels)
        order = .padded(images: min(images, atOnce))
    }

    /// The gradient of the input.
    ///
    /// - Parameters:
    ///   - x: the input's sizes: the result's.
    ///   - y: those of the output's gradient.
    init(gradient geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape) {
        images = x[0]
        filters = weight.dimensions
        sizes = Self.sizes(geometry, x: x, weight: weight, y: y)
        (sizes.inputBlocks, sizes.outputBlocks) = (sizes.outputBlocks, sizes.inputBlocks)
        (sizes.inputHeight, sizes.outputHeight) = (sizes.outputHeight, sizes.inputHeight)
        (sizes.inputWidth, sizes.outputWidth) = (sizes.outputWidth, sizes.inputWidth)
        sizes.images = Int64(images)
        sizes.isGradient = 1
        order = Self.together(sizes)
    }

    /// As many rows at once as have copies of a quarter of a megabyte: half of the second cache.
    private static func together(_ sizes: ApusBlockConvolution) -> Order {
        let together = min(Int(sizes.images), Int(APUS_BLOCK_CONVOLUTION_IMAGES))
        let line = Int(sizes.inputBlocks * sizes.inputWidth) * block * together
        var rows = sizes.outputHeight
        withUnsafePointer(to: sizes) { sizes in
            while rows > 1, Int(apus_block_convolution_reach(sizes, rows)) * line > 65_536 { rows -= 1 }
        }
        return .together(rows: Int(rows), images: together)
    }

    /// The sizes for one image with all taps.
    private static func sizes(
        _ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape
    ) -> ApusBlockConvolution {
        ApusBlockConvolution(
            images: 1, inputBlocks: Int64(x[1] / block), outputBlocks: Int64(y[1] / block),
            inputHeight: Int64(x[2]), inputWidth: Int64(x[3]), outputHeight: Int64(y[2]), outputWidth: Int64(y[3]),
            kernelHeight: Int64(weight[2]), kernelWidth: Int64(weight[3]),
            strideHeight: Int64(geometry.stride[0]), strideWidth: Int64(geometry.stride[1]),
            dilationHeight: Int64(geometry.dilation[0]), dilationWidth: Int64(geometry.dilation[1]),
            paddingTop: Int64(geometry.paddingBefore[0]), paddingLeft: Int64(geometry.paddingBefore[1]),
            filterHeight: Int64(weight[2]), filterWidth: Int64(weight[3]), firstRow: 0, firstColumn: 0,
            isGradient: 0)
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

    /// The layouts of the step's inputs and its result: images in blocks, filters as of `OIhw8i8o`, or `OIhw8o8i` for a
    /// gradient, the bias plain.
    func layouts(_ step: StepDescription, hasBias: Bool) throws -> StepLayouts {
        let result = try PhysicalLayout.channelBlocks(of: Self.block, step.outputs[0].spec.shape)
        let weight = try OneDNNDescriptor(
            apus_memory_descriptor_create_blocked_filters(
                filters.map(Int64.init), Int32(Self.block), sizes.isGradient != 0)
        ).layout
        let image = try PhysicalLayout.channelBlocks(of: Self.block, step.inputs[0].spec.shape)
        let rest = step.inputs.dropFirst(hasBias ? 3 : 2).map { _ in result }
        return StepLayouts(inputs: [image, weight] + (hasBias ? [.plain] : []) + rest, outputs: [result])
    }

    /// The step: its operands are the input, the filters, the bias and what is added to it where there are such, and the
    /// result, which may be the addend.
    func step(
        hasBias: Bool, addsInput: Bool = false, activation: ApusActivation = ApusActivationNone
    ) -> PreparedStep {
        switch order {
        case .padded(let images):
            paddedStep(imagesAtOnce: images, hasBias: hasBias, addsInput: addsInput, activation: activation)
        case .together(let rows, let images):
            togetherStep(rows: rows, together: images, hasBias: hasBias, addsInput: addsInput, activation: activation)
        }
    }

    private func paddedStep(
        imagesAtOnce: Int, hasBias: Bool, addsInput: Bool, activation: ApusActivation
    ) -> PreparedStep {
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
            for first in stride(from: 0, to: own.images, by: imagesAtOnce) {
                var sizes = own.sizes
                sizes.images = Int64(min(imagesAtOnce, own.images - first))
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

    /// Tasks are groups of images × rows, and some of the panels of output channels where those are few.
    private func togetherStep(
        rows: Int, together: Int, hasBias: Bool, addsInput: Bool, activation: ApusActivation
    ) -> PreparedStep {
        let (sizes, images) = (sizes, images)
        let (height, panels) = (Int(sizes.outputHeight), (Int(sizes.outputBlocks) + 1) / 2)
        // Groups of nearly equal size: five images keep the processor as busy as six, and one does not.
        let (groups, bands) = ((images + together - 1) / together, (height + rows - 1) / rows)
        let parts = min(panels, max(1, 4 * CPUInfo.threadCount / (groups * bands)))
        let reach = withUnsafePointer(to: sizes) { Int(apus_block_convolution_reach($0, Int64(rows))) }
        let copies = Int(sizes.inputBlocks * sizes.inputWidth) * Self.block * together * reach
        let threadBytes = (copies * MemoryLayout<Float>.stride + 63) / 64 * 64
        return PreparedStep(kernel: "blocks", scratchBytes: CPUInfo.threadCount * threadBytes) { operands, scratch in
            let result = operands.count - 1
            Parallel.tasks(groups * bands * parts) { task, thread in
                let (group, rest) = task.quotientAndRemainder(dividingBy: bands * parts)
                let (band, part) = rest.quotientAndRemainder(dividingBy: parts)
                withUnsafePointer(to: sizes) {
                    apus_block_convolution_together(
                        $0, operands[0].floats, operands[1].floats, hasBias ? operands[2].floats : nil,
                        addsInput ? operands[result - 1].floats : nil, activation, operands[result].floats,
                        (scratch + thread * threadBytes).floats, Int64(images * group / groups),
                        Int64(images * (group + 1) / groups), Int64(height * band / bands),
                        Int64(height * (band + 1) / bands), Int64(panels * part / parts),
                        Int64(panels * (part + 1) / parts))
                }
            }
        }
    }
}
