import ApusGraph
import ApusPlan
import CKernels

extension FusedReduction {
    /// Whether the kernel below computes the step: float32, reduced over the last dimensions.
    func hasKernel(_ step: StepDescription) -> Bool {
        let shape = pointwise.shapes[0]
        let kept = shape.rank - reduction.dimensions.count
        return reduction.function != nil && pointwise.dtype(of: pointwise.results[reduced]) == .float32
            && shape.elementCount > 0 && reduction.dimensions == Array(kept..<shape.rank)
            && PointwiseKernel(pointwise, step.inputs, step.outputs.dropLast(), redirected: reduced) != nil
    }
}

extension FusedReduction: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        guard let function = reduction.function,
            let kernel = PointwiseKernel(pointwise, step.inputs, step.outputs.dropLast(), redirected: reduced)
        else { return nil }
        let shape = pointwise.shapes[0]
        let length = reduction.dimensions.reduce(1) { $0 * shape.dimensions[$1] }
        let rows = RowReduction(function, rows: shape.elementCount / length, length: length)
        let scale: Float? = reduction.kind == .mean ? 1 / Float(length) : nil
        let resultPosition = step.inputs.count + step.outputs.count - 1
        let perThread = kernel.scratchPerThread + RowReduction.chunkBytes
        let partialBytes = rows.partialCount * MemoryLayout<Float>.stride
        return PreparedStep(
            kernel: "pointwise reduce", scratchBytes: perThread * CPUInfo.threadCount + partialBytes
        ) { operands, scratch in
            kernel.bind(operands)
            let result = operands[resultPosition].floats
            rows.run(result, partials: (scratch + perThread * CPUInfo.threadCount).floats) { range, thread in
                let chunk = scratch + thread * perThread + kernel.scratchPerThread
                kernel.run(range, to: chunk, scratch + thread * perThread)
                return UnsafePointer(chunk.floats)
            }
            if let scale { for row in 0..<rows.rows { result[row] *= scale } }
        }
    }
}

/// The reduction of rows whose elements come a chunk at a time.
///
/// Chunks and pieces depend on the sizes alone, so that the result does not depend on the number of threads.
private struct RowReduction: Sendable {
    let function: ApusReduction
    let rows: Int
    let length: Int

    init(_ function: ApusReduction, rows: Int, length: Int) {
        (self.function, self.rows, self.length) = (function, rows, length)
    }

    /// Elements of a chunk: 16 KiB, which stay in a first-level cache beside the tiles of the chain.
    private static let chunk = 4_096
    /// Chunks that one thread takes of a long row, so that few long rows keep all threads busy.
    private static let chunksPerPiece = 4

    static var chunkBytes: Int { chunk * MemoryLayout<Float>.stride }

    private var piecesPerRow: Int { (length - 1) / (Self.chunk * Self.chunksPerPiece) + 1 }

    /// Numbers that `run` keeps on the way.
    var partialCount: Int { length > Self.chunk ? rows * piecesPerRow * Self.chunksPerPiece : 0 }

    /// - Parameter elements: makes the elements at a range of positions, with a thread's own memory.
    func run(
        _ result: UnsafeMutablePointer<Float>, partials: UnsafeMutablePointer<Float>,
        _ elements: (Range<Int>, Int) -> UnsafePointer<Float>
    ) {
        if length <= Self.chunk {
            let perChunk = Self.chunk / length
            Parallel.ranges(rows, grain: max(perChunk, Parallel.smallWork / length)) { range, thread in
                for first in stride(from: range.lowerBound, to: range.upperBound, by: perChunk) {
                    let count = min(perChunk, range.upperBound - first)
                    let x = elements(first * length..<(first + count) * length, thread)
                    reduce(x, rows: count, length: length, result + first)
                }
            }
            return
        }
        let pieces = piecesPerRow
        Parallel.tasks(rows * pieces) { piece, thread in
            let (row, start) = (piece / pieces, piece % pieces * Self.chunk * Self.chunksPerPiece)
            for index in 0..<Self.chunksPerPiece {
                let first = min(start + index * Self.chunk, length)
                let last = min(first + Self.chunk, length)
                // What a row's last piece lacks is reduced as nothing.
                let x = first < last ? elements(row * length + first..<row * length + last, thread) : nil
                reduce(
                    x ?? UnsafePointer(result), rows: 1, length: last - first,
                    partials + piece * Self.chunksPerPiece + index)
            }
        }
        reduce(partials, rows: rows, length: pieces * Self.chunksPerPiece, result)
    }

    private func reduce(
        _ x: UnsafePointer<Float>, rows: Int, length: Int, _ result: UnsafeMutablePointer<Float>
    ) {
        apus_reduce(function, x, Int64(rows), Int64(length), 1, result, 0, Int64(rows))
    }
}
