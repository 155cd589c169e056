import ApusGraph
import ApusPlan
import CKernels

/// A resampling as rows: the weights of all dimensions but the last one multiply to those of whole rows.
private struct ResampledRows: Sendable {
    private let sizes: ApusResampling
    private let rowStarts: [Int32]
    private let rowSources: [Int32]
    private let rowWeights: [Float]
    private let columnSources: [Int32]
    private let columnWeights: [Float]
    private let volumes: Int
    /// Floats of working memory for each thread.
    private let rowFloats: Int

    /// nil beyond the kernel's numbers of positions.
    init?(_ taps: [ResamplingTaps], input: Shape, output: Shape) {
        let (from, to) = (input.dimensions.dropFirst(2), output.dimensions.dropFirst(2))
        guard let inputWidth = from.last, let outputWidth = to.last, let columns = taps.last,
            input.elementCount <= Int(Int32.max), output.elementCount <= Int(Int32.max)
        else { return nil }
        let rows = Self.rows(taps.dropLast(), sizes: from.dropLast())
        var starts: [Int32] = [0]
        for row in rows { starts.append((starts.last ?? 0) + Int32(row.count)) }
        rowStarts = starts
        rowSources = rows.flatMap { row in row.map { Int32($0.source) } }
        rowWeights = rows.flatMap { row in row.map { Float($0.weight) } }
        let counts = columns.positions.map(\.count)
        let columnTaps = max(counts.max() ?? 1, 1)
        var (sources, weights) = ([Int32](), [Float]())
        for tap in 0..<columnTaps {
            for position in columns.positions {
                sources.append(Int32(tap < position.count ? position[tap].source : inputWidth))
                weights.append(tap < position.count ? Float(position[tap].weight) : 0)
            }
        }
        (columnSources, columnWeights) = (sources, weights)
        let isRagged = counts.contains { $0 != columnTaps }
        sizes = ApusResampling(
            inputRows: Int64(from.dropLast().reduce(1, *)), inputWidth: Int64(inputWidth),
            outputRows: Int64(rows.count), outputWidth: Int64(outputWidth), columnTaps: Int64(columnTaps),
            columnsAreCopies: columnTaps == 1 && !isRagged && weights.allSatisfy { $0 == 1 } ? 1 : 0,
            columnsAreRagged: isRagged ? 1 : 0)
        volumes = input[0] * input[1]
        // Whole cache lines, so that threads do not share one.
        rowFloats = (inputWidth + 1 + 15) / 16 * 16
        rowWork = max(1, inputWidth * max(rowSources.count / rows.count, 1) + outputWidth * columnTaps)
    }

    /// The taps of whole rows: all combinations of those of the dimensions before the last one.
    private static func rows(
        _ taps: some Sequence<ResamplingTaps>, sizes: some Sequence<Int>
    ) -> [[ResamplingTaps.Tap]] {
        var rows = [[ResamplingTaps.Tap(source: 0, weight: 1)]]
        for (size, taps) in zip(sizes, taps) {
            var finer: [[ResamplingTaps.Tap]] = []
            for row in rows {
                for position in taps.positions {
                    var combined: [ResamplingTaps.Tap] = []
                    for outer in row {
                        for inner in position {
                            combined.append(
                                .init(source: outer.source * size + inner.source, weight: outer.weight * inner.weight))
                        }
                    }
                    finer.append(combined)
                }
            }
            rows = finer
        }
        return rows
    }

    /// About how many multiplications a row takes.
    private let rowWork: Int

    var step: PreparedStep {
        let floats = rowFloats * CPUInfo.threadCount
        return PreparedStep(kernel: "resampled rows", scratchBytes: floats * MemoryLayout<Float>.stride) {
            operands, scratch in
            Parallel.ranges(volumes * Int(sizes.outputRows), grain: max(1, Parallel.smallWork / rowWork)) {
                range, thread in
                withUnsafePointer(to: sizes) { sizes in
                    apus_resample_rows(
                        sizes, rowStarts, rowSources, rowWeights, columnSources, columnWeights, operands[0].floats,
                        operands[1].floats, scratch.floats + thread * rowFloats, Int64(range.lowerBound),
                        Int64(range.upperBound))
                }
            }
        }
    }
}

extension Resample: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (input, output) = (step.inputs[0].spec, step.outputs[0].spec)
        guard input.dtype == .float32, output.shape.elementCount > 0 else { return nil }
        let taps = outputSizes.indices.map {
            self.taps($0, inputSize: input.shape[$0 + 2], isSinglePrecision: true)
        }
        return ResampledRows(taps, input: input.shape, output: output.shape)?.step
    }
}

extension ResampleGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (dy, dx) = (step.inputs[0].spec, step.outputs[0].spec)
        guard dy.dtype == .float32, dx.shape.elementCount > 0 else { return nil }
        let taps = resample.outputSizes.indices.map { dimension in
            let size = dx.shape[dimension + 2]
            return resample.taps(dimension, inputSize: size, isSinglePrecision: true, isOfGradient: true)
                .transposed(size: size)
        }
        return ResampledRows(taps, input: dy.shape, output: dx.shape)?.step
    }
}
