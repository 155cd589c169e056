import ApusGraph
import ApusPlan
import ApusTestSupport
import CKernels
import COneDNN
import Testing

@testable import ApusCPU

@Suite("Layouts of the CPU")
struct RelayoutTests {
    /// oneDNN's blocks of 4, 8 or 16 channels, with padding where the channels do not fill them.
    private func blocked(_ shape: Shape, _ block: Int) throws -> PhysicalLayout {
        try .channelBlocks(of: block, shape)
    }

    @Test(
        "each way there and back keeps all elements",
        arguments: [
            [16, 1, 1, 1], [16, 3, 5, 7], [32, 17, 3, 2], [48, 16, 2, 9], [13, 3, 5, 7], [41, 2, 3, 3], [1, 2, 3, 4],
            [13, 16, 5, 7], [41, 32, 3, 3], [16, 48, 1, 2],
        ] as [Shape])
    func roundTrips(shape: Shape) throws {
        var generator = SeededGenerator(seed: 8_000 + shape.elementCount)
        let x = TestArray.random(shape, using: &generator)
        let layouts = [.plain, .lanes(shape), try blocked(shape, 8), try blocked(shape, 16)]
        for first in layouts {
            for second in layouts {
                let there = try KernelRunner.relayout(try KernelRunner.place(x, first), to: second)
                #expect(there.memory.isIntact)
                expectAgreement(try KernelRunner.read(there), x, "\(first) → \(second)")
            }
        }
    }

    @Test("sixteen images lie side by side")
    func lanesOrder() throws {
        let (channels, places) = (2, 3)
        let x = TestArray((0..<(32 * channels * places)).map(Double.init), [32, channels, 1, places])
        let placed = try KernelRunner.place(x, .lanes(x.shape))
        let floats = placed.memory.pointer.assumingMemoryBound(to: Float.self)
        for image in 0..<32 {
            for feature in 0..<(channels * places) {
                let position = (image / 16 * channels * places + feature) * 16 + image % 16
                #expect(Double(floats[position]) == x.values[image * channels * places + feature])
            }
        }
    }

    @Test(
        "filters in blocks have the taps that are used, wherever they come from",
        arguments: [(0..<3, 0..<3), (1..<2, 1..<2), (1..<3, 0..<2)])
    func filters(rows: Range<Int>, columns: Range<Int>) throws {
        let block = Int(apus_kernels_vector_width())
        let (outputs, inputs) = (2 * block, 3 * block)
        let shape: Shape = [outputs, inputs, 3, 3]
        let filters = TestArray((0..<shape.elementCount).map(Double.init), shape)
        let layout = BlockFilters(shape, rows: rows, columns: columns).layout
        var expected: [Float] = []
        for outputBlock in 0..<2 {
            for inputBlock in 0..<3 {
                for (row, column) in rows.flatMap({ row in columns.map { (row, $0) } }) {
                    for input in inputBlock * block..<(inputBlock + 1) * block {
                        for output in outputBlock * block..<(outputBlock + 1) * block {
                            expected.append(Float(((output * inputs + input) * 3 + row) * 3 + column))
                        }
                    }
                }
            }
        }
        for source in [.plain, try blocked(shape, 16), .lanes(shape)] {
            let placed = try KernelRunner.relayout(try KernelRunner.place(filters, source), to: layout)
            #expect(placed.memory.isIntact)
            #expect(placed.memory.byteCount == expected.count * 4)
            let floats = UnsafeBufferPointer(
                start: placed.memory.pointer.assumingMemoryBound(to: Float.self), count: expected.count)
            #expect(Array(floats) == expected, "from \(source)")
        }
    }

    @Test("a layout serves the kernels of its kind only")
    func kinds() throws {
        let shape: Shape = [16, 32, 2, 2]
        let spec = TensorSpec(shape, .float32)
        #expect(LanesKind(PlannedValue(spec, .lanes(shape))) == .images)
        #expect(LanesKind(PlannedValue(spec, try blocked(shape, 16))) == .channels(block: 16))
        // Half of a vector where vectors have sixteen elements.
        let eight: LanesKind? = apus_kernels_isa() == ApusISAAVX512 ? nil : .channels(block: 8)
        #expect(LanesKind(PlannedValue(spec, try blocked(shape, 8))) == eight)
        #expect(LanesKind(PlannedValue(spec)) == nil)
        // 17 channels fill two blocks with padding.
        let padded: Shape = [16, 17, 2, 2]
        #expect(LanesKind(PlannedValue(TensorSpec(padded, .float32), try blocked(padded, 16))) == nil)
        #expect(LanesKind(PlannedValue(TensorSpec(shape, .bool), .lanes(shape))) == nil)
    }
}
