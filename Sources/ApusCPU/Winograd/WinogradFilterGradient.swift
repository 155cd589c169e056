import ApusPlan
import CKernels

/// The gradient of the filters, in one of two orders; the sums are over all tiles in order, whatever the order and the
/// number of threads.
///
/// In general all threads transform some tiles, then each adds some of the 36 products to their sums. Where the sums are
/// large and the tiles few, all threads transform all inputs; then each has the sums of a panel of output channels at hand.
struct WinogradFilterGradient: Sendable {
    private let sizes: ApusWinograd
    private let tiles: Int

    private let byPanels: Bool

    /// - Parameter byPanels: the order; by the sizes, unless told.
    init(_ sizes: ApusWinograd, byPanels: Bool? = nil) {
        self.sizes = sizes
        tiles = withUnsafePointer(to: sizes) { Int(apus_winograd_tiles($0)) }
        self.byPanels = byPanels ?? (sizes.hasLargeFilters && tiles <= sizes.tilesAtOnce)
    }

    /// The step: its operands are x, dy, the gradient of the filters and, where asked for, that of the bias.
    func step(withBias: Bool) -> PreparedStep {
        byPanels ? stepByPanels(withBias) : stepByTiles(withBias)
    }

    /// Floats of the sums and of transformed tensors.
    private struct Counts {
        let filterMatrix: Int
        let sums: Int
        let inputs: Int
        let gradients: Int

        init(_ sizes: ApusWinograd, rows: Int) {
            filterMatrix = withUnsafePointer(to: sizes) { Int(apus_winograd_filter_matrix($0)) }
            sums = 36 * filterMatrix + Int(sizes.outputChannels)
            inputs = 36 * Int(apus_winograd_matrix(Int64(rows), sizes.inputChannels))
            gradients = 37 * Int(apus_winograd_matrix(Int64(rows), sizes.outputChannels))
        }
    }

    private func stepByTiles(_ withBias: Bool) -> PreparedStep {
        let (sizes, tiles) = (sizes, tiles)
        // 128 tiles of 64 channels are 2.5 MB, and the sums are loaded and stored once for each such block.
        let rows = min(tiles, 128)
        let counts = Counts(sizes, rows: rows)
        let floats = counts.sums + counts.inputs + counts.gradients
        return PreparedStep(kernel: "winograd", scratchBytes: floats * MemoryLayout<Float>.stride) {
            operands, scratch in
            let inputs = scratch.floats
            let gradients = inputs + counts.inputs
            let sums = gradients + counts.gradients
            let inputRow = Int(apus_winograd_row(sizes.inputChannels))
            let gradientRow = Int(apus_winograd_row(sizes.outputChannels))
            withUnsafePointer(to: sizes) { sizes in
                for first in stride(from: 0, to: tiles, by: rows) {
                    let count = min(rows, tiles - first)
                    Parallel.ranges(count) { range, _ in
                        let (begin, end) = (Int64(first + range.lowerBound), Int64(first + range.upperBound))
                        apus_winograd_input(
                            sizes, operands[0].floats, inputs + range.lowerBound * inputRow, Int64(rows), begin, end)
                        apus_winograd_output_gradient(
                            sizes, operands[1].floats, gradients + range.lowerBound * gradientRow, Int64(rows), begin,
                            end)
                    }
                    // The last one is the bias's.
                    Parallel.tasks(withBias ? 37 : 36) { matrix, _ in
                        apus_winograd_accumulate(
                            sizes, inputs, gradients, Int64(rows), Int64(count), first == 0 ? 1 : 0, sums,
                            Int64(matrix), Int64(matrix + 1))
                    }
                }
                Parallel.ranges(Int(sizes.pointee.inputChannels), grain: Int(sizes.pointee.channelBlock)) { range, _ in
                    apus_winograd_filter_gradient(
                        sizes, sums, operands[2].floats, Int64(range.lowerBound), Int64(range.upperBound))
                }
            }
            guard withBias else { return }
            operands[3].floats.update(from: sums + 36 * counts.filterMatrix, count: Int(sizes.outputChannels))
        }
    }

    private func stepByPanels(_ withBias: Bool) -> PreparedStep {
        let (sizes, tiles) = (sizes, tiles)
        let inputFloats = Counts(sizes, rows: tiles).inputs
        let panel = Counts(sizes.panel(0), rows: tiles)
        let floats = inputFloats + CPUInfo.threadCount * (panel.sums + panel.gradients)
        return PreparedStep(kernel: "winograd", scratchBytes: floats * MemoryLayout<Float>.stride) {
            operands, scratch in
            let inputs = scratch.floats
            let inputRow = Int(apus_winograd_row(sizes.inputChannels))
            withUnsafePointer(to: sizes) { sizes in
                Parallel.ranges(tiles) { range, _ in
                    apus_winograd_input(
                        sizes, operands[0].floats, inputs + range.lowerBound * inputRow, Int64(tiles),
                        Int64(range.lowerBound), Int64(range.upperBound))
                }
            }
            Parallel.tasks(sizes.panelCount) { index, thread in
                let gradients = inputs + inputFloats + thread * (panel.sums + panel.gradients)
                let sums = gradients + panel.gradients
                let part = sizes.panel(index)
                withUnsafePointer(to: part) { part in
                    let rows = Int64(tiles)
                    apus_winograd_output_gradient(part, operands[1].floats, gradients, rows, 0, rows)
                    apus_winograd_accumulate(part, inputs, gradients, rows, rows, 1, sums, 0, withBias ? 37 : 36)
                    apus_winograd_filter_gradient(part, sums, operands[2].floats, 0, sizes.inputChannels)
                }
                guard withBias else { return }
                let matrix = withUnsafePointer(to: part) { Int(apus_winograd_filter_matrix($0)) }
                (operands[3].floats + Int(part.firstOutput)).update(
                    from: sums + 36 * matrix, count: Int(part.outputChannels))
            }
        }
    }
}
