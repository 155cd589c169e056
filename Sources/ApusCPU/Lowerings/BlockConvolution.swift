import ApusGraph
import ApusPlan
import CKernels

/// A convolution of small planes or with strides, or the gradient of its input, whose kernels keep a part of the filters in
/// the nearest cache for many pixels (`block_convolution.h`).
struct BlockConvolution: Sendable {
    private var sizes: ApusBlockConvolution
    private let images: Int
    /// How the images are cut.
    private let order: Order
    private let filters: BlockFilters

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

    /// Likewise for the gradient of the input, of batches only. With a stride a place has one to four of nine taps, and only
    /// small planes gain: oneDNN's kernels and ours take 10.4 and 3.4 ms for 512 → 256 channels of 3×3, stride 2 and 256
    /// images of 1×1, 7.3 and 4.7 from 2×2, 19.0 and 16.5 for 16 images of 7×7, but 8.8 and 10.5 for 64 → 32 channels of
    /// 100 images of 16×16.
    static func preferredGradient(
        _ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape
    ) -> BlockConvolution? {
        guard apus_kernels_isa() == ApusISAAVX2, supports(geometry, x: x, weight: weight),
            weight[2] * weight[3] > 1, x[0] >= leastImages, y[3] <= (geometry.stride[1] > 1 ? 8 : 14)
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
        (sizes, filters) = Self.sizes(geometry, x: x, weight: weight, y: y)
        if imagesTogether ?? (x[0] >= Self.leastImages) {
            sizes.images = Int64(images)
            order = Self.together(sizes)
            return
        }
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
        (sizes, filters) = Self.sizes(geometry, x: x, weight: weight, y: y)
        (sizes.inputBlocks, sizes.outputBlocks) = (sizes.outputBlocks, sizes.inputBlocks)
        (sizes.inputHeight, sizes.outputHeight) = (sizes.outputHeight, sizes.inputHeight)
        (sizes.inputWidth, sizes.outputWidth) = (sizes.outputWidth, sizes.inputWidth)
        sizes.images = Int64(images)
        sizes.isGradient = 1
        order = Self.together(sizes)
    }

    /// So many images that a task's pixels, which share the filters in the nearest cache, are of all of them, and as many
    /// rows at once as have copies of a quarter of a megabyte: half of the second cache.
    private static func together(_ sizes: ApusBlockConvolution) -> Order {
        let (least, room) = (Int(APUS_BLOCK_CONVOLUTION_IMAGES), 65_536)
        let row = Int(sizes.inputBlocks * sizes.inputWidth) * block
        let phases = sizes.isGradient != 0 ? Int(sizes.strideHeight * sizes.strideWidth) : 1
        let places = max(1, Int(sizes.outputHeight * sizes.outputWidth) / phases)
        let wanted = min(Int(APUS_BLOCK_CONVOLUTION_PIXELS) / places, room / (row * Int(sizes.inputHeight)))
        let together = min(Int(sizes.images), max(least, wanted / least * least))
        var rows = sizes.outputHeight
        withUnsafePointer(to: sizes) { sizes in
            while rows > 1, Int(apus_block_convolution_reach(sizes, rows)) * row * together > room { rows -= 1 }
        }
        return .together(rows: Int(rows), images: together)
    }

    /// The sizes for one image, and the filters, without the taps that no window lays on the input.
    private static func sizes(
        _ geometry: ConvolutionGeometry, x: Shape, weight: Shape, y: Shape
    ) -> (ApusBlockConvolution, BlockFilters) {
        let used = (0..<2).map { geometry.usedTaps(x: x, weight: weight, y: y, dimension: $0) }
        let padding = (0..<2).map { geometry.paddingBefore[$0] - used[$0].lowerBound * geometry.dilation[$0] }
        let sizes = ApusBlockConvolution(
            images: 1, inputBlocks: Int64(x[1] / block), outputBlocks: Int64(y[1] / block),
            inputHeight: Int64(x[2]), inputWidth: Int64(x[3]), outputHeight: Int64(y[2]), outputWidth: Int64(y[3]),
            kernelHeight: Int64(used[0].count), kernelWidth: Int64(used[1].count),
            strideHeight: Int64(geometry.stride[0]), strideWidth: Int64(geometry.stride[1]),
            dilationHeight: Int64(geometry.dilation[0]), dilationWidth: Int64(geometry.dilation[1]),
            paddingTop: Int64(padding[0]), paddingLeft: Int64(padding[1]), isGradient: 0)
        return (sizes, BlockFilters(weight, rows: used[0], columns: used[1]))
    }

    /// The layouts of the step's inputs and its result: images and filters in blocks, the bias plain.
    func layouts(_ step: StepDescription, hasBias: Bool) throws -> StepLayouts {
        let result = try PhysicalLayout.channelBlocks(of: Self.block, step.outputs[0].spec.shape)
        let image = try PhysicalLayout.channelBlocks(of: Self.block, step.inputs[0].spec.shape)
        let rest = step.inputs.dropFirst(hasBias ? 3 : 2).map { _ in result }
        return StepLayouts(inputs: [image, filters.layout] + (hasBias ? [.plain] : []) + rest, outputs: [result])
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
        // A gradient's filters are turned first.
        let (filters, isTurned) = (filters, sizes.isGradient != 0)
        let filterBytes = isTurned ? (filters.elementCount * MemoryLayout<Float>.stride + 63) / 64 * 64 : 0
        let scratchBytes = filterBytes + CPUInfo.threadCount * threadBytes
        return PreparedStep(kernel: "blocks", scratchBytes: scratchBytes) { operands, scratch in
            let result = operands.count - 1
            if isTurned { filters.turn(operands[1].floats, scratch.floats) }
            let own = isTurned ? scratch.floats : operands[1].floats
            Parallel.tasks(groups * bands * parts) { task, thread in
                let (group, rest) = task.quotientAndRemainder(dividingBy: bands * parts)
                let (band, part) = rest.quotientAndRemainder(dividingBy: parts)
                withUnsafePointer(to: sizes) {
                    apus_block_convolution_together(
                        $0, operands[0].floats, own, hasBias ? operands[2].floats : nil,
                        addsInput ? operands[result - 1].floats : nil, activation, operands[result].floats,
                        (scratch + filterBytes + thread * threadBytes).floats, Int64(images * group / groups),
                        Int64(images * (group + 1) / groups), Int64(height * band / bands),
                        Int64(height * (band + 1) / bands), Int64(panels * part / parts),
                        Int64(panels * (part + 1) / parts))
                }
            }
        }
    }
}
