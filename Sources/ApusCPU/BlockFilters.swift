import ApusGraph
import ApusPlan
import CKernels

/// Filters [O][C][KH][KW] in blocks of channels, without the taps that no window lays on the input
/// (`block_filters.h`).
///
/// The convolution and the gradient of its input ask for the same layout, so that filters are laid out once a step: on a
/// plane of one pixel each of 512 × 512 filters of 3×3 is 9.4 MB to read, of which one ninth is used.
final class BlockFilters: Sendable {
    let sizes: ApusBlockFilters

    /// - Parameters:
    ///   - rows: the rows of taps that are laid out.
    ///   - columns: likewise.
    init(_ weight: Shape, rows: Range<Int>, columns: Range<Int>) {
        let block = Self.block
        sizes = ApusBlockFilters(
            outputBlocks: Int64(weight[0] / block), inputBlocks: Int64(weight[1] / block),
            kernelHeight: Int64(weight[2]), kernelWidth: Int64(weight[3]), firstRow: Int64(rows.lowerBound),
            rows: Int64(rows.count), firstColumn: Int64(columns.lowerBound), columns: Int64(columns.count))
    }

    private static let block = Int(apus_kernels_vector_width())

    /// Floats in memory.
    var elementCount: Int {
        Int(sizes.outputBlocks * sizes.inputBlocks * sizes.rows * sizes.columns) * Self.block * Self.block
    }

    var layout: PhysicalLayout {
        let (top, left) = (sizes.firstRow, sizes.firstColumn)
        let taps = "taps [\(top), \(top + sizes.rows)) x [\(left), \(left + sizes.columns))"
        return PhysicalLayout(
            name: "OIhw\(Self.block)i\(Self.block)o, \(taps)", byteCount: elementCount * MemoryLayout<Float>.stride,
            descriptor: self)
    }

    /// Lays out row-major filters.
    func layOut(_ filters: UnsafePointer<Float>, _ blocks: UnsafeMutablePointer<Float>) {
        Parallel.ranges(Int(sizes.outputBlocks * sizes.inputBlocks)) { range, _ in
            withUnsafePointer(to: sizes) {
                apus_block_filters($0, filters, blocks, Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
    }

    /// Turns laid out filters for the gradient of the input.
    func turn(_ blocks: UnsafePointer<Float>, _ turned: UnsafeMutablePointer<Float>) {
        Parallel.ranges(Int(sizes.inputBlocks)) { range, _ in
            withUnsafePointer(to: sizes) {
                apus_block_filters_turned($0, blocks, turned, Int64(range.lowerBound), Int64(range.upperBound))
            }
        }
    }
}

extension PhysicalLayout {
    /// Filters in blocks of channels, where the layout is one of those.
    var blockFilters: BlockFilters? { descriptor as? BlockFilters }
}
