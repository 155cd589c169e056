import ApusPlan
import CKernels

/// A convolution by Winograd's filtering, in one of two orders.
///
/// Few channels: tile block by tile block. Each thread transforms some tiles' inputs, multiplies them with all filters, and
/// transforms the products, all within its own caches.
///
/// Many channels, or few tiles: panel by panel. All threads transform the inputs of many tiles; then each transforms a panel
/// of filters, multiplies all tiles with it, and transforms the products. The transformed filters, four times as large as
/// the filters, are never stored as a whole.
struct WinogradConvolution: Sendable {
    private let sizes: ApusWinograd
    private let turned: Int32
    private let byPanels: Bool
    private let tiles: Int
    /// Tiles of a block.
    private let rows: Int
    /// Input channels whose filters are transformed at a time, where a panel's are.
    private let channelsAtOnce: Int64
    private let filters: Region
    private let inputs: Region
    private let products: Region

    /// Floats in the working memory, in whole lines of the cache.
    private struct Region {
        let count: Int
        init(_ count: Int64) { self.count = (Int(count) + 15) / 16 * 16 }
    }

    /// - Parameters:
    ///   - turned: whether this is the gradient of an input.
    ///   - byPanels: the order; by the sizes, unless told.
    ///   - tilesAtOnce: the most tiles that are transformed before panels of filters are; as many as fit, unless told.
    init(_ sizes: ApusWinograd, turned: Bool, byPanels: Bool? = nil, tilesAtOnce: Int? = nil) {
        self.sizes = sizes
        let byPanels = byPanels ?? (sizes.hasLargeFilters || sizes.hasFewTiles)
        self.byPanels = byPanels
        self.turned = turned ? 1 : 0
        tiles = withUnsafePointer(to: sizes) { Int(apus_winograd_tiles($0)) }
        if byPanels {
            let most = tilesAtOnce ?? sizes.tilesAtOnce
            // Blocks of equal size.
            let blocks = (tiles + most - 1) / most
            rows = (tiles + blocks - 1) / blocks
        } else {
            // Blocks of equal size, as many for each thread. 24 tiles of 64 channels are half a megabyte.
            let (most, threads) = (24, CPUInfo.threadCount)
            let blocks = max(1, (tiles + most * threads - 1) / (most * threads)) * threads
            rows = (tiles + blocks - 1) / blocks
        }
        // Filters of 64 channels and 16 outputs are 150 KB, the sums of 96 tiles 220 KB, together most of a second cache of
        // half a megabyte. Sums of more tiles would be read and written in a farther one for each part of the channels.
        let channelsAtOnce = rows <= 96 ? min(64, sizes.inputChannels) : sizes.inputChannels
        self.channelsAtOnce = channelsAtOnce
        let part = byPanels ? sizes.panel(0) : sizes
        filters = withUnsafePointer(to: part) {
            Region(byPanels ? apus_winograd_working(channelsAtOnce) : 36 * apus_winograd_filter_matrix($0))
        }
        inputs = Region(36 * apus_winograd_matrix(Int64(rows), part.inputChannels))
        products = Region(36 * apus_winograd_matrix(Int64(rows), part.outputChannels))
    }

    /// The step: its operands are the input, the filters, the bias and what is added to it where there are such, and the
    /// result, which may be the addend.
    func step(
        hasBias: Bool, addsInput: Bool = false, activation: ApusActivation = ApusActivationNone
    ) -> PreparedStep {
        let (own, threads) = (self, CPUInfo.threadCount)
        let floats =
            byPanels
            ? inputs.count + threads * (filters.count + products.count)
            : filters.count + threads * (inputs.count + products.count)
        return PreparedStep(kernel: "winograd", scratchBytes: floats * MemoryLayout<Float>.stride) {
            operands, scratch in
            let result = operands.count - 1
            let call = Call(
                x: operands[0].floats, weight: operands[1].floats, bias: hasBias ? operands[2].floats : nil,
                addend: addsInput ? operands[result - 1].floats : nil, activation: activation,
                y: operands[result].floats, scratch: scratch.floats)
            if own.byPanels { own.runByPanels(call) } else { own.runByTiles(call) }
        }
    }

    /// What one run works on.
    private struct Call {
        let x: UnsafeMutablePointer<Float>
        let weight: UnsafeMutablePointer<Float>
        let bias: UnsafeMutablePointer<Float>?
        let addend: UnsafeMutablePointer<Float>?
        let activation: ApusActivation
        let y: UnsafeMutablePointer<Float>
        let scratch: UnsafeMutablePointer<Float>
    }

    private func runByTiles(_ call: Call) {
        let filters = call.scratch
        withUnsafePointer(to: sizes) { sizes in
            // Panels of filters are 32 output channels, or the rest.
            let outputs = Int(sizes.pointee.outputChannels)
            Parallel.ranges((outputs + 31) / 32) { range, _ in
                apus_winograd_filters(
                    sizes, call.weight, turned, filters, Int64(range.lowerBound * 32),
                    Int64(min(outputs, range.upperBound * 32)))
            }
            Parallel.tasks((tiles + rows - 1) / rows) { block, thread in
                let inputs = filters + self.filters.count + thread * (self.inputs.count + self.products.count)
                let products = inputs + self.inputs.count
                let (begin, end) = (Int64(block * rows), Int64(min(tiles, (block + 1) * rows)))
                apus_winograd_input(sizes, ApusWinogradBothHalves, call.x, inputs, Int64(rows), begin, end)
                apus_winograd_multiply(sizes, inputs, filters, products, Int64(rows), end - begin)
                apus_winograd_output(
                    sizes, products, call.bias, call.addend, call.activation, call.y, Int64(rows), begin, end)
            }
        }
    }

    private func runByPanels(_ call: Call) {
        let inputs = call.scratch
        let inputRow = Int(apus_winograd_row(sizes.inputChannels))
        for first in stride(from: 0, to: tiles, by: rows) {
            let (begin, end) = (Int64(first), Int64(min(tiles, first + rows)))
            withUnsafePointer(to: sizes) { sizes in
                Parallel.ranges(Int(end - begin)) { range, _ in
                    apus_winograd_input(
                        sizes, ApusWinogradBothHalves, call.x, inputs + range.lowerBound * inputRow, Int64(rows),
                        begin + Int64(range.lowerBound), begin + Int64(range.upperBound))
                }
            }
            Parallel.tasks(sizes.panelCount) { index, thread in
                let filters = inputs + self.inputs.count + thread * (self.filters.count + self.products.count)
                let products = filters + self.filters.count
                withUnsafePointer(to: sizes.panel(index)) { panel in
                    apus_winograd_multiply_filters(
                        panel, inputs, call.weight, turned, filters, products, Int64(rows), end - begin,
                        channelsAtOnce)
                    apus_winograd_output(
                        panel, products, call.bias, call.addend, call.activation, call.y, Int64(rows), begin, end)
                }
            }
        }
    }
}
