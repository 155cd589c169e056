import ApusGraph
import ApusPlan
import CKernels

/// How the elements of [N, C, …] lie for the kernels of batch normalisation.
private enum ChannelView: Sendable {
    /// The elements of a channel side by side: row-major, and sixteen images in the lanes.
    case planes(ChannelPlanes)
    /// Channels side by side: row-major [N, C], and oneDNN's nChw16c and nChw8c.
    case columns(ApusChannelColumns)

    private static let lanes = Int64(APUS_LANES)
    /// Rows of a tile, of [N, C] or of several images: a tile costs as much as some rows, for its sums are joined in double
    /// precision.
    private static let tileRows = 64

    /// nil where the tensor is not `float32`, empty, or in a layout of another kind.
    init?(_ value: PlannedValue) {
        let (spec, layout) = (value.spec, value.layout)
        guard spec.dtype == .float32, spec.shape.rank >= 2, spec.shape.elementCount > 0 else { return nil }
        let (images, channels) = (spec.shape[0], spec.shape[1])
        let plane = spec.shape.elementCount / (images * channels)
        if layout.isLanes {
            let lanes = Int(APUS_LANES)
            // The statistics are those of whole groups.
            guard images % lanes == 0 else { return nil }
            self = .planes(ChannelPlanes(images: images / lanes, channels: channels, plane: plane * lanes))
        } else if layout == .plain, plane > 1 {
            self = .planes(ChannelPlanes(images: images, channels: channels, plane: plane))
        } else if layout == .plain || plane == 1 && Self.channelBlock(layout) != nil {
            // Blocks of channels of single pixels are rows.
            let tiles = (images + Self.tileRows - 1) / Self.tileRows
            self = .columns(
                ApusChannelColumns(
                    tiles: Int64(tiles), channels: Int64(channels), runs: 1, lastRuns: 1, rows: Int64(Self.tileRows),
                    lastRows: Int64(images - (tiles - 1) * Self.tileRows),
                    tileStride: Int64(Self.tileRows * channels), runStride: 0, rowStride: Int64(channels),
                    blockStride: Self.lanes, lanes: Self.lanes))
        } else if let block = Self.channelBlock(layout) {
            let together = max(1, Self.tileRows / plane)
            let tiles = (images + together - 1) / together
            self = .columns(
                ApusChannelColumns(
                    tiles: Int64(tiles), channels: Int64(channels), runs: Int64(together),
                    lastRuns: Int64(images - (tiles - 1) * together), rows: Int64(plane), lastRows: Int64(plane),
                    tileStride: Int64(together * channels * plane), runStride: Int64(channels * plane),
                    rowStride: block, blockStride: Int64(plane) * block, lanes: block))
        } else {
            return nil
        }
    }

    /// 16 or 8 for nCw16c, nChw8c and their kin without padding.
    static func channelBlock(_ layout: PhysicalLayout) -> Int64? {
        guard let descriptor = layout.oneDNN, [8, Int(APUS_LANES)].contains(descriptor.channelBlock),
            !descriptor.hasPadding
        else { return nil }
        return Int64(descriptor.channelBlock)
    }

    /// The input's own layout where a kernel reads it, else row-major.
    ///
    /// Lanes with places for no image become blocks of channels, which cost as much as rows and which the kernels of
    /// convolutions and poolings behind read.
    static func layout(of value: PlannedValue) throws -> PhysicalLayout {
        if ChannelView(value) != nil { return value.layout }
        let (shape, block) = (value.spec.shape, WinogradPolicy.channelBlock)
        guard value.layout.isLanes, shape.rank == 4, shape[1] % block == 0 else { return .plain }
        return try .channelBlocks(of: block, shape)
    }
}

private struct ChannelPlanes: Sendable {
    let images: Int64
    let channels: Int64
    let plane: Int64

    init(images: Int, channels: Int, plane: Int) {
        (self.images, self.channels, self.plane) = (Int64(images), Int64(channels), Int64(plane))
    }

    func inParallel(_ body: (Int64, Int64) -> Void) {
        Parallel.ranges(Int(channels), grain: max(1, Parallel.smallWork / Int(images * plane))) { range, _ in
            body(Int64(range.lowerBound), Int64(range.upperBound))
        }
    }
}

extension ApusChannelColumns {
    /// Means and sums of squares, or two sums, of each channel and tile.
    fileprivate var sumBytes: Int { Int(tiles * channels) * 2 * MemoryLayout<Double>.stride }
    /// Three numbers for each channel.
    fileprivate var channelBytes: Int { Int(channels) * MemoryLayout<Float>.stride * 3 }

    /// Runs `body` on ranges of tiles.
    fileprivate func inParallel(_ body: (UnsafePointer<ApusChannelColumns>, Int64, Int64) -> Void) {
        let blocks = Int((channels + lanes - 1) / lanes)
        let grain = max(1, Parallel.smallWork / Int(runs * rows * lanes))
        Parallel.ranges(Int(tiles) * blocks, grain: grain) { range, _ in
            withUnsafePointer(to: self) { body($0, Int64(range.lowerBound), Int64(range.upperBound)) }
        }
    }
}

extension BatchNormalization: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? { try NormalizationForward(self).layouts(for: step) }
    func lower(_ step: StepDescription) throws -> PreparedStep? { NormalizationForward(self).lower(step) }
}

extension FusedBatchNormalization: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        try NormalizationForward(norm, addsInput: addsInput, relu: true).layouts(for: step)
    }
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        NormalizationForward(norm, addsInput: addsInput, relu: true).lower(step)
    }
}

/// The forward pass, with a tensor that is added and ReLU behind it where asked for.
private struct NormalizationForward: Sendable {
    let isAffine: Bool
    let epsilon: Float
    let addsInput: Bool
    let relu: Bool

    init(_ norm: BatchNormalization, addsInput: Bool = false, relu: Bool = false) {
        (isAffine, epsilon) = (norm.isAffine, Float(norm.epsilon))
        (self.addsInput, self.relu) = (addsInput, relu)
    }

    /// Everything like x lies as x does.
    func layouts(for step: StepDescription) throws -> StepLayouts {
        var layouts = StepLayouts.plain(step)
        layouts.inputs[0] = try ChannelView.layout(of: step.inputs[0])
        if addsInput { layouts.inputs[step.inputs.count - 1] = layouts.inputs[0] }
        layouts.outputs[0] = layouts.inputs[0]
        return layouts
    }

    func lower(_ step: StepDescription) -> PreparedStep? {
        let first = step.inputs.count
        switch ChannelView(step.inputs[0]) {
        case nil: return nil
        case .planes(let view):
            return PreparedStep(kernel: "channels") { operands, _ in normalize(view, operands, results: first) }
        case .columns(let view):
            return PreparedStep(kernel: "columns", scratchBytes: view.sumBytes + view.channelBytes) {
                normalize(view, $0, results: first, $1)
            }
        }
    }

    private func normalize(_ view: ChannelPlanes, _ operands: Operands, results first: Int) {
        let x = operands[0].floats
        let (gamma, beta) = isAffine ? (operands[1].floats, operands[2].floats) : (nil, nil)
        let addend = addsInput ? operands[first - 1].floats : nil
        let (y, mean) = (operands[first].floats, operands[first + 1].floats)
        let (variance, inverse) = (operands[first + 2].floats, operands[first + 3].floats)
        view.inParallel { begin, end in
            apus_batch_statistics(x, view.images, view.channels, view.plane, mean, variance, begin, end)
            for channel in Int(begin)..<Int(end) {
                inverse[channel] = 1 / (variance[channel] + epsilon).squareRoot()
            }
            apus_batch_normalize(
                x, view.images, view.channels, view.plane, mean, variance, epsilon, gamma, beta, addend,
                relu ? 1 : 0, y, begin, end)
        }
    }

    private func normalize(
        _ view: ApusChannelColumns, _ operands: Operands, results first: Int, _ scratch: UnsafeMutableRawPointer
    ) {
        let x = operands[0].floats
        let addend = addsInput ? operands[first - 1].floats : nil
        let (y, mean) = (operands[first].floats, operands[first + 1].floats)
        let (variance, inverse) = (operands[first + 2].floats, operands[first + 3].floats)
        let moments = scratch.assumingMemoryBound(to: Double.self)
        let channels = Int(view.channels)
        let scale = (scratch + view.sumBytes).floats
        let shift = scale + channels
        view.inParallel { apus_column_moments($0, x, moments, $1, $2) }
        withUnsafePointer(to: view) { apus_column_statistics($0, moments, mean, variance, 0, view.channels) }
        for channel in 0..<channels {
            inverse[channel] = 1 / (variance[channel] + epsilon).squareRoot()
            scale[channel] = (isAffine ? operands[1].floats[channel] : 1) * inverse[channel]
            shift[channel] = isAffine ? operands[2].floats[channel] : 0
        }
        view.inParallel {
            if relu {
                apus_column_normalize_relu($0, x, mean, scale, shift, addend, y, $1, $2)
            } else {
                apus_column_normalize($0, x, mean, scale, shift, y, $1, $2)
            }
        }
    }
}

extension ChannelNormalization: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        var layouts = StepLayouts.plain(step)
        layouts.inputs[0] = try ChannelView.layout(of: step.inputs[0])
        layouts.outputs[0] = layouts.inputs[0]
        return layouts
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        switch ChannelView(step.inputs[0]) {
        case nil: return nil
        case .planes(let view):
            let scratchBytes = Int(view.channels) * MemoryLayout<Float>.stride
            return PreparedStep(kernel: "channels", scratchBytes: scratchBytes) { operands, scratch in
                // The kernel takes variance + ε; 1 / inverse² is just that, with an ε of 0.
                let (inverse, variance) = (operands[2].floats, scratch.floats)
                for channel in 0..<Int(view.channels) {
                    variance[channel] = 1 / (inverse[channel] * inverse[channel])
                }
                view.inParallel { begin, end in
                    apus_batch_normalize(
                        operands[0].floats, view.images, view.channels, view.plane, operands[1].floats, variance, 0,
                        operands[3].floats, operands[4].floats, nil, 0, operands[5].floats, begin, end)
                }
            }
        case .columns(let view):
            return PreparedStep(kernel: "columns", scratchBytes: view.channelBytes) { operands, scratch in
                let scale = scratch.floats
                for channel in 0..<Int(view.channels) {
                    scale[channel] = operands[2].floats[channel] * operands[3].floats[channel]
                }
                view.inParallel {
                    apus_column_normalize(
                        $0, operands[0].floats, operands[1].floats, scale, operands[4].floats, operands[5].floats, $1,
                        $2)
                }
            }
        }
    }
}

extension BatchNormalizationGradient: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        try NormalizationGradient(self).layouts(for: step)
    }
    func lower(_ step: StepDescription) throws -> PreparedStep? { NormalizationGradient(self).lower(step) }
}

extension FusedBatchNormalizationGradient: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        try NormalizationGradient(gradient, relu: true).layouts(for: step)
    }
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        NormalizationGradient(gradient, relu: true).lower(step)
    }
}

/// The gradient; with ReLU the sixth input is the result of the forward pass.
private struct NormalizationGradient: Sendable {
    let usesBatchStatistics: Bool
    let relu: Bool

    init(_ gradient: BatchNormalizationGradient, relu: Bool = false) {
        (usesBatchStatistics, self.relu) = (gradient.usesBatchStatistics, relu)
    }

    /// Everything like x lies as x does.
    func layouts(for step: StepDescription) throws -> StepLayouts {
        var layouts = StepLayouts.plain(step)
        let layout = try ChannelView.layout(of: step.inputs[1])
        (layouts.inputs[0], layouts.inputs[1], layouts.outputs[0]) = (layout, layout, layout)
        if relu { layouts.inputs[5] = layout }
        return layouts
    }

    func lower(_ step: StepDescription) -> PreparedStep? {
        switch ChannelView(step.inputs[1]) {
        case nil: return nil
        case .planes(let view):
            let scratchBytes = Int(view.channels) * MemoryLayout<Float>.stride
            return PreparedStep(kernel: "channels", scratchBytes: scratchBytes) { run(view, $0, $1) }
        case .columns(let view):
            return PreparedStep(kernel: "columns", scratchBytes: view.sumBytes + view.channelBytes) {
                run(view, $0, $1)
            }
        }
    }

    private func run(_ view: ChannelPlanes, _ operands: Operands, _ scratch: UnsafeMutableRawPointer) {
        // The kernel takes variance + ε; 1 / inverse² is just that, with an ε of 0.
        let (inverse, variance) = (operands[3].floats, scratch.floats)
        for channel in 0..<Int(view.channels) { variance[channel] = 1 / (inverse[channel] * inverse[channel]) }
        let result = relu ? operands[5].floats : nil
        let first = relu ? 6 : 5
        view.inParallel { begin, end in
            apus_batch_normalization_backward(
                operands[1].floats, operands[0].floats, result, view.images, view.channels, view.plane,
                operands[2].floats, variance, 0, operands[4].floats, usesBatchStatistics ? 1 : 0,
                operands[first].floats, operands[first + 1].floats, operands[first + 2].floats, begin, end)
        }
    }

    private func run(_ view: ApusChannelColumns, _ operands: Operands, _ scratch: UnsafeMutableRawPointer) {
        let (dy, x, mean) = (operands[0].floats, operands[1].floats, operands[2].floats)
        let result = relu ? operands[5].floats : nil
        let first = relu ? 6 : 5
        let sums = scratch.assumingMemoryBound(to: Double.self)
        let channels = Int(view.channels)
        let scale = (scratch + view.sumBytes).floats
        let (slope, offset) = (scale + channels, scale + 2 * channels)
        view.inParallel { apus_column_gradient_sums($0, x, dy, result, mean, sums, $1, $2) }
        let count = Double((view.tiles - 1) * view.runs * view.rows + view.lastRuns * view.lastRows)
        for channel in 0..<channels {
            var (sum, product) = (0.0, 0.0)
            for tile in 0..<Int(view.tiles) {
                sum += sums[tile * 2 * channels + channel]
                product += sums[(tile * 2 + 1) * channels + channel]
            }
            let inverse = Double(operands[3].floats[channel])
            operands[first + 1].floats[channel] = Float(product * inverse)
            operands[first + 2].floats[channel] = Float(sum)
            scale[channel] = Float(Double(operands[4].floats[channel]) * inverse)
            slope[channel] = usesBatchStatistics ? Float(inverse * inverse * product / count) : 0
            offset[channel] = usesBatchStatistics ? Float(sum / count) : 0
        }
        let dx = operands[first].floats
        view.inParallel { apus_column_gradient($0, x, dy, result, mean, scale, slope, offset, dx, $1, $2) }
    }
}
