import ApusPlan
import CKernels

/// The gradient of the filters, in one of three orders; the sums are over all tiles in order, whatever the order and the
/// number of threads.
struct WinogradFilterGradient: Sendable {
    private let sizes: ApusWinograd
    private let tiles: Int
    private let order: Order

    /// Who makes which of the 36 products.
    enum Order: CaseIterable {
        /// All threads transform some tiles; then each adds some of the products to their sums.
        case byTiles
        /// Two threads transform all tiles, each into its half of the matrices, and add those products to their sums: no
        /// transformed number leaves its thread's caches, and neither waits for the other.
        case byHalves
        /// All threads transform all inputs; then each has the sums of a panel of output channels at hand: where the sums
        /// are large and the tiles few.
        case byPanels
    }

    /// - Parameter order: by the sizes, unless told.
    init(_ sizes: ApusWinograd, order: Order? = nil) {
        self.sizes = sizes
        tiles = withUnsafePointer(to: sizes) { Int(apus_winograd_tiles($0)) }
        let chosen: Order =
            sizes.hasLargeFilters && tiles <= sizes.tilesAtOnce
            ? .byPanels : CPUInfo.threadCount == 2 ? .byHalves : .byTiles
        self.order = order ?? chosen
    }

    /// The step: its operands are x, dy, the gradient of the filters and, where asked for, that of the bias.
    func step(withBias: Bool) -> PreparedStep {
        switch order {
        case .byTiles: stepByTiles(withBias)
        case .byHalves: stepByHalves(withBias)
        case .byPanels: stepByPanels(withBias)
        }
    }

    /// Floats of the sums and of transformed tensors.
    private struct Counts {
        let filterMatrix: Int
        let sums: Int
        let inputs: Int
        let gradients: Int

        init(_ sizes: ApusWinograd, rows: Int, matrices: Int = 36) {
            filterMatrix = withUnsafePointer(to: sizes) { Int(apus_winograd_filter_matrix($0)) }
            sums = 36 * filterMatrix + Int(sizes.outputChannels)
            inputs = matrices * Int(apus_winograd_matrix(Int64(rows), sizes.inputChannels))
            gradients = (matrices + 1) * Int(apus_winograd_matrix(Int64(rows), sizes.outputChannels))
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
                            sizes, ApusWinogradBothHalves, operands[0].floats, inputs + range.lowerBound * inputRow,
                            Int64(rows), begin, end)
                        apus_winograd_output_gradient(
                            sizes, ApusWinogradBothHalves, operands[1].floats,
                            gradients + range.lowerBound * gradientRow, Int64(rows), begin, end)
                    }
                    // The last one is the bias's.
                    Parallel.tasks(withBias ? 37 : 36) { matrix, _ in
                        apus_winograd_accumulate(
                            sizes, ApusWinogradBothHalves, inputs, gradients, Int64(rows), Int64(count),
                            first == 0 ? 1 : 0, sums,
                            Int64(matrix), Int64(matrix + 1))
                    }
                }
            }
            finish(sums, counts, operands, withBias)
        }
    }

    private func stepByHalves(_ withBias: Bool) -> PreparedStep {
        let (sizes, tiles) = (sizes, tiles)
        // The sums are loaded and stored once for each such block, and 64 tiles of 64 channels are 0.7 MB in a thread. Blocks
        // of 24 to 128 tiles take the same time within 10 % for 64 to 256 channels.
        let rows = min(tiles, 64)
        let counts = Counts(sizes, rows: rows, matrices: 18)
        let floats = counts.sums + 2 * (counts.inputs + counts.gradients)
        return PreparedStep(kernel: "winograd", scratchBytes: floats * MemoryLayout<Float>.stride) {
            operands, scratch in
            let sums = scratch.floats
            Parallel.tasks(2) { index, _ in
                let half = index == 0 ? ApusWinogradFirstHalf : ApusWinogradLastHalf
                let inputs = sums + counts.sums + index * (counts.inputs + counts.gradients)
                let gradients = inputs + counts.inputs
                let matrices = index == 0 ? 0..<Int64(18) : 18..<Int64(withBias ? 37 : 36)
                withUnsafePointer(to: sizes) { sizes in
                    for first in stride(from: 0, to: tiles, by: rows) {
                        let (begin, end) = (Int64(first), Int64(min(tiles, first + rows)))
                        apus_winograd_input(sizes, half, operands[0].floats, inputs, Int64(rows), begin, end)
                        apus_winograd_output_gradient(
                            sizes, half, operands[1].floats, gradients, Int64(rows), begin, end)
                        apus_winograd_accumulate(
                            sizes, half, inputs, gradients, Int64(rows), end - begin, first == 0 ? 1 : 0, sums,
                            matrices.lowerBound, matrices.upperBound)
                    }
                }
            }
            finish(sums, counts, operands, withBias)
        }
    }

    /// The gradients from the sums of all tiles.
    private func finish(
        _ sums: UnsafeMutablePointer<Float>, _ counts: Counts, _ operands: Operands,
        _ withBias: Bool
    ) {
        Parallel.ranges(Int(sizes.inputChannels), grain: Int(sizes.channelBlock)) { range, _ in
            withUnsafePointer(to: sizes) { sizes in
                apus_winograd_filter_gradient(
                    sizes, sums, operands[2].floats, Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
        guard withBias else { return }
        operands[3].floats.update(from: sums + 36 * counts.filterMatrix, count: Int(sizes.outputChannels))
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
                        sizes, ApusWinogradBothHalves, operands[0].floats, inputs + range.lowerBound * inputRow,
                        Int64(tiles), Int64(range.lowerBound), Int64(range.upperBound))
                }
            }
            Parallel.tasks(sizes.panelCount) { index, thread in
                let gradients = inputs + inputFloats + thread * (panel.sums + panel.gradients)
                let sums = gradients + panel.gradients
                let part = sizes.panel(index)
                withUnsafePointer(to: part) { part in
                    let rows = Int64(tiles)
                    apus_winograd_output_gradient(
                        part, ApusWinogradBothHalves, operands[1].floats, gradients, rows, 0, rows)
                    apus_winograd_accumulate(
                        part, ApusWinogradBothHalves, inputs, gradients, rows, rows, 1, sums, 0, withBias ? 37 : 36)
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
