import ApusGraph
import ApusPlan
import CKernels

/// A normalisation of rows as the kernels see it.
private struct NormalizedRows: Sendable {
    /// Above this many columns their sums are made column by column; below, each piece of rows has sums of its own,
    /// which stay in the cache.
    private static let mostSums = 4096
    /// Sums of all pieces together take 2 MiB at most.
    private static let mostPartialSums = 1 << 18

    let kernel: ApusRowNormalization
    let rows: Int
    let rowLength: Int
    let columns: Int
    /// The pieces of rows with sums of their own: a number that depends on the sizes alone. 0 where columns are summed.
    let pieces: Int

    /// nil where the input is not `float32`.
    init?(_ normalization: RowNormalization, _ x: TensorSpec) {
        guard x.dtype == .float32 else { return nil }
        kernel = ApusRowNormalization(
            groups: Int64(normalization.groups), channels: Int64(normalization.channels),
            run: Int64(normalization.run), epsilon: Float(normalization.epsilon),
            subtractsMean: normalization.subtractsMean ? 1 : 0)
        rowLength = normalization.rowLength
        rows = x.shape.elementCount / rowLength
        columns = normalization.groups * normalization.channels
        guard columns <= Self.mostSums else {
            pieces = 0
            return
        }
        // Chains of 256 additions at most, and work for several threads.
        pieces = min(max((rows + 255) / 256, min(16, rows)), Self.mostPartialSums / columns)
    }

    var grain: Int { max(1, Parallel.smallWork / rowLength) }

    func rows(of piece: Int) -> Range<Int> { (rows * piece / pieces)..<(rows * (piece + 1) / pieces) }
}

extension RowNormalization: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let view = NormalizedRows(self, step.inputs[0].spec) else { return nil }
        let (hasScale, hasShift) = (hasScale, hasShift)
        let first = step.inputs.count
        return PreparedStep(kernel: "rows") { operands, _ in
            let gamma = hasScale ? operands[1].floats : nil
            let beta = hasShift ? operands[first - 1].floats : nil
            Parallel.ranges(view.rows, grain: view.grain) { range, _ in
                withUnsafePointer(to: view.kernel) { kernel in
                    apus_normalize_rows(
                        kernel, operands[0].floats, gamma, beta, operands[first].floats, operands[first + 1].floats,
                        operands[first + 2].floats, operands[first + 3].floats, Int64(range.lowerBound),
                        Int64(range.upperBound))
                }
            }
        }
    }
}

extension RowNormalizationGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let view = NormalizedRows(normalization, step.inputs[1].spec) else { return nil }
        let isAffine = normalization.hasScale || normalization.hasShift
        let pass = BackwardPass(view: view, first: step.inputs.count, hasScale: normalization.hasScale)
        if !isAffine {
            return PreparedStep(kernel: "rows") { operands, _ in
                pass.runRows(operands)
                pass.clearSums(operands)
            }
        }
        if view.kernel.run > 1 {
            return PreparedStep(kernel: "rows", scratchBytes: pass.channelSumBytes) { operands, scratch in
                pass.runRows(operands, channelSums: scratch.assumingMemoryBound(to: Double.self))
                pass.joinChannelSums(operands, scratch.assumingMemoryBound(to: Double.self))
            }
        }
        if view.pieces > 0 {
            return PreparedStep(kernel: "rows", scratchBytes: pass.partialSumBytes) { operands, scratch in
                pass.runPieces(operands, scratch.floats)
                pass.joinPieces(operands, scratch.floats)
            }
        }
        return PreparedStep(kernel: "rows, columns") { operands, _ in
            pass.runRows(operands)
            pass.runColumns(operands)
        }
    }
}

/// The ways of the gradient: operands are dy, x, mean, inverse and maybe γ, then dx, dγ and dβ.
private struct BackwardPass: Sendable {
    let view: NormalizedRows
    /// The number of inputs.
    let first: Int
    let hasScale: Bool

    var channelSumBytes: Int { view.rows * Int(view.kernel.channels) * 2 * MemoryLayout<Double>.stride }
    var partialSumBytes: Int { view.pieces * view.columns * 2 * MemoryLayout<Float>.stride }

    private func run(
        _ rows: Range<Int>, _ operands: Operands, _ sums: UnsafeMutablePointer<Float>?,
        _ channelSums: UnsafeMutablePointer<Double>?
    ) {
        withUnsafePointer(to: view.kernel) { kernel in
            apus_normalize_rows_backward(
                kernel, operands[1].floats, operands[0].floats, hasScale ? operands[4].floats : nil,
                operands[2].floats, operands[3].floats, operands[first].floats, sums, channelSums,
                Int64(rows.lowerBound), Int64(rows.upperBound))
        }
    }

    func runRows(_ operands: Operands, channelSums: UnsafeMutablePointer<Double>? = nil) {
        Parallel.ranges(view.rows, grain: view.grain) { range, _ in run(range, operands, nil, channelSums) }
    }

    /// There are no parameters, and nobody reads their gradients.
    func clearSums(_ operands: Operands) {
        for result in [first + 1, first + 2] {
            operands[result].floats.update(repeating: 0, count: view.columns)
        }
    }

    /// Row r holds the channels of group r mod groups, so that the sums lie as [rows / groups][columns].
    func joinChannelSums(_ operands: Operands, _ sums: UnsafePointer<Double>) {
        let repeats = view.rows * Int(view.kernel.channels) / view.columns
        for column in 0..<view.columns {
            var (scaled, plain) = (0.0, 0.0)
            for index in 0..<repeats {
                scaled += sums[(index * view.columns + column) * 2]
                plain += sums[(index * view.columns + column) * 2 + 1]
            }
            operands[first + 1].floats[column] = Float(scaled)
            operands[first + 2].floats[column] = Float(plain)
        }
    }

    func runPieces(_ operands: Operands, _ partial: UnsafeMutablePointer<Float>) {
        Parallel.tasks(view.pieces) { piece, _ in
            let sums = partial + piece * view.columns * 2
            sums.update(repeating: 0, count: view.columns * 2)
            run(view.rows(of: piece), operands, sums, nil)
        }
    }

    func joinPieces(_ operands: Operands, _ partial: UnsafePointer<Float>) {
        Parallel.ranges(view.columns, grain: max(1, Parallel.smallWork / view.pieces)) { range, _ in
            for column in range {
                var (scaled, plain) = (0.0, 0.0)
                for piece in 0..<view.pieces {
                    scaled += Double(partial[piece * view.columns * 2 + column])
                    plain += Double(partial[(piece * 2 + 1) * view.columns + column])
                }
                operands[first + 1].floats[column] = Float(scaled)
                operands[first + 2].floats[column] = Float(plain)
            }
        }
    }

    func runColumns(_ operands: Operands) {
        Parallel.ranges(view.columns, grain: max(16, Parallel.smallWork / view.rows)) { range, _ in
            withUnsafePointer(to: view.kernel) { kernel in
                apus_normalize_rows_weight_gradient(
                    kernel, operands[1].floats, operands[0].floats, operands[2].floats, operands[3].floats,
                    Int64(view.rows), operands[first + 1].floats, operands[first + 2].floats,
                    Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
    }
}
