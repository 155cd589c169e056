import ApusGraph
import ApusPlan
import CKernels

/// How the elements of [N, C, …] lie for the kernels of batch normalisation.
private enum ChannelView: Sendable {
    /// The elements of a channel side by side: row-major, and sixteen images in the lanes.
    case planes(ChannelPlanes)
    /// Sixteen channels side by side: row-major [N, C], and oneDNN's nChw16c.
    case columns(ApusChannelColumns)

    private static let lanes = Int64(APUS_LANES)
    /// Rows of [N, C] in a tile.
    private static let tileRows = 64

    /// nil where the tensor is not `float32`, empty, or in a layout of another kind.
    init?(_ value: PlannedValue) {
        let (spec, layout) = (value.spec, value.layout)
        guard spec.dtype == .float32, spec.shape.rank >= 2, spec.shape.elementCount > 0 else { return nil }
        let (images, channels) = (spec.shape[0], spec.shape[1])
        let plane = spec.shape.elementCount / (images * channels)
        if layout == .lanes {
            let lanes = Int(APUS_LANES)
            self = .planes(ChannelPlanes(images: images / lanes, channels: channels, plane: plane * lanes))
        } else if layout == .plain, plane > 1 {
            self = .planes(ChannelPlanes(images: images, channels: channels, plane: plane))
        } else if layout == .plain {
            let tiles = (images + Self.tileRows - 1) / Self.tileRows
            self = .columns(
                ApusChannelColumns(
                    images: Int64(tiles), channels: Int64(channels), rows: Int64(Self.tileRows),
                    lastRows: Int64(images - (tiles - 1) * Self.tileRows),
                    imageStride: Int64(Self.tileRows * channels), rowStride: Int64(channels), blockStride: Self.lanes))
        } else if Self.isBlocked(layout) {
            self = .columns(
                ApusChannelColumns(
                    images: Int64(images), channels: Int64(channels), rows: Int64(plane), lastRows: Int64(plane),
                    imageStride: Int64(channels * plane), rowStride: Self.lanes, blockStride: Int64(plane) * Self.lanes)
            )
        } else {
            return nil
        }
    }

    /// Whether a layout is nCw16c, nChw16c or nCdhw16c without padding.
    static func isBlocked(_ layout: PhysicalLayout) -> Bool {
        guard let descriptor = layout.oneDNN else { return false }
        return descriptor.channelBlock == Int(APUS_LANES) && !descriptor.hasPadding
    }

    /// The input's own layout where a kernel reads it, else row-major.
    static func layout(of value: PlannedValue) -> PhysicalLayout {
        ChannelView(value) == nil ? .plain : value.layout
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
    /// Means and sums of squares, or two sums, of each channel and image.
    fileprivate var sumBytes: Int { Int(images * channels) * 2 * MemoryLayout<Double>.stride }
    /// Three numbers for each channel.
    fileprivate var channelBytes: Int { Int(channels) * MemoryLayout<Float>.stride * 3 }

    /// Runs `body` on ranges of tiles.
    fileprivate func inParallel(_ body: (UnsafePointer<ApusChannelColumns>, Int64, Int64) -> Void) {
        let blocks = (Int(channels) + Int(APUS_LANES) - 1) / Int(APUS_LANES)
        let grain = max(1, Parallel.smallWork / (Int(rows) * Int(APUS_LANES)))
        Parallel.ranges(Int(images) * blocks, grain: grain) { range, _ in
            withUnsafePointer(to: self) { body($0, Int64(range.lowerBound), Int64(range.upperBound)) }
        }
    }
}

extension BatchNormalization: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        var layouts = StepLayouts.plain(step)
        layouts.inputs[0] = ChannelView.layout(of: step.inputs[0])
        layouts.outputs[0] = layouts.inputs[0]
        return layouts
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let first = step.inputs.count
        let (isAffine, epsilon) = (isAffine, Float(epsilon))
        switch ChannelView(step.inputs[0]) {
        case nil: return nil
        case .planes(let view):
            return PreparedStep(kernel: "channels") { operands, _ in
                let x = operands[0].floats
                let (gamma, beta) = isAffine ? (operands[1].floats, operands[2].floats) : (nil, nil)
                let (y, mean) = (operands[first].floats, operands[first + 1].floats)
                let (variance, inverse) = (operands[first + 2].floats, operands[first + 3].floats)
                view.inParallel { begin, end in
                    apus_batch_statistics(x, view.images, view.channels, view.plane, mean, variance, begin, end)
                    for channel in Int(begin)..<Int(end) {
                        inverse[channel] = 1 / (variance[channel] + epsilon).squareRoot()
                    }
                    apus_batch_normalize(
                        x, view.images, view.channels, view.plane, mean, variance, epsilon, gamma, beta, 0, y, begin,
                        end)
                }
            }
        case .columns(let view):
            return PreparedStep(kernel: "columns", scratchBytes: view.sumBytes + view.channelBytes) {
                operands, scratch in
                let x = operands[0].floats
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
                view.inParallel { apus_column_normalize($0, x, mean, scale, shift, y, $1, $2) }
            }
        }
    }
}

extension ChannelNormalization: CPULowerable {
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        var layouts = StepLayouts.plain(step)
        layouts.inputs[0] = ChannelView.layout(of: step.inputs[0])
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
                        operands[3].floats, operands[4].floats, 0, operands[5].floats, begin, end)
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
    /// dy follows x.
    func layouts(for step: StepDescription) throws -> StepLayouts? {
        var layouts = StepLayouts.plain(step)
        let layout = ChannelView.layout(of: step.inputs[1])
        (layouts.inputs[0], layouts.inputs[1], layouts.outputs[0]) = (layout, layout, layout)
        return layouts
    }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let usesBatchStatistics = usesBatchStatistics
        switch ChannelView(step.inputs[1]) {
        case nil: return nil
        case .planes(let view):
            let scratchBytes = Int(view.channels) * MemoryLayout<Float>.stride
            return PreparedStep(kernel: "channels", scratchBytes: scratchBytes) { operands, scratch in
                // The kernel takes variance + ε; 1 / inverse² is just that, with an ε of 0.
                let (inverse, variance) = (operands[3].floats, scratch.floats)
                for channel in 0..<Int(view.channels) {
                    variance[channel] = 1 / (inverse[channel] * inverse[channel])
                }
                view.inParallel { begin, end in
                    apus_batch_normalization_backward(
                        operands[1].floats, operands[0].floats, nil, view.images, view.channels, view.plane,
                        operands[2].floats, variance, 0, operands[4].floats, usesBatchStatistics ? 1 : 0,
                        operands[5].floats, operands[6].floats, operands[7].floats, begin, end)
                }
            }
        case .columns(let view):
            let pass = ColumnGradient(view: view, usesBatchStatistics: usesBatchStatistics)
            return PreparedStep(kernel: "columns", scratchBytes: view.sumBytes + view.channelBytes) {
                pass.run($0, $1)
            }
        }
    }
}

/// The gradient where sixteen channels lie side by side.
private struct ColumnGradient: Sendable {
    let view: ApusChannelColumns
    let usesBatchStatistics: Bool

    func run(_ operands: Operands, _ scratch: UnsafeMutableRawPointer) {
        let (dy, x, mean) = (operands[0].floats, operands[1].floats, operands[2].floats)
        let sums = scratch.assumingMemoryBound(to: Double.self)
        let channels = Int(view.channels)
        let scale = (scratch + view.sumBytes).floats
        let (slope, offset) = (scale + channels, scale + 2 * channels)
        view.inParallel { apus_column_gradient_sums($0, x, dy, mean, sums, $1, $2) }
        let count = Double((view.images - 1) * view.rows + view.lastRows)
        for channel in 0..<channels {
            var (sum, product) = (0.0, 0.0)
            for image in 0..<Int(view.images) {
                sum += sums[image * 2 * channels + channel]
                product += sums[(image * 2 + 1) * channels + channel]
            }
            let inverse = Double(operands[3].floats[channel])
            operands[6].floats[channel] = Float(product * inverse)
            operands[7].floats[channel] = Float(sum)
            scale[channel] = Float(Double(operands[4].floats[channel]) * inverse)
            slope[channel] = usesBatchStatistics ? Float(inverse * inverse * product / count) : 0
            offset[channel] = usesBatchStatistics ? Float(sum / count) : 0
        }
        let dx = operands[5].floats
        view.inParallel { apus_column_gradient($0, x, dy, mean, scale, slope, offset, dx, $1, $2) }
    }
}
