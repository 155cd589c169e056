import ApusGraph
import ApusPlan
import CKernels

/// A padding as rows: neighbouring dimensions that are not padded count as one, and the last one is the row.
private struct PaddedRows: Sendable {
    private(set) var padding = ApusPadding()
    /// The elements of the longer one of the two rows.
    private let rowWork: Int
    /// For each dimension in turn, the input position of each output position, or −1.
    let sources: [Int32]
    /// Where the sources of the last dimension begin.
    let columnStart: Int
    /// For each dimension but the last, where the output positions of each input position begin, then these.
    let copies: [Int32]
    let inputRows: Int
    let outputRows: Int

    /// nil beyond the kernels' numbers: of dimensions, and of positions.
    init?(_ pad: Pad, input: Shape) {
        guard let grouped = Self.grouped(pad, input) else { return nil }
        let (pad, input) = grouped
        let last = input.count - 1
        var (sources, copies, columnStart) = ([Int32](), [Int32](), 0)
        var output: [Int] = []
        for (dimension, size) in input.enumerated() {
            let positions = pad.sources(dimension, size: size)
            output.append(positions.count)
            if dimension == last { columnStart = sources.count }
            sources += positions.map(Int32.init)
            if dimension != last { copies += Self.copies(positions, size: size) }
        }
        (self.sources, self.columnStart, self.copies) = (sources, columnStart, copies)
        inputRows = input.dropLast().reduce(1, *)
        outputRows = output.dropLast().reduce(1, *)
        padding.rank = Int32(input.count)
        withUnsafeMutableBytes(of: &padding.inputShape) { $0.copyBytes(from: input.map(Int64.init).bytes) }
        withUnsafeMutableBytes(of: &padding.outputShape) { $0.copyBytes(from: output.map(Int64.init).bytes) }
        let before = pad.before[last]
        let kept = max(pad.keptCount(last, size: input[last]), 0)
        padding.middleBegin = Int64(max(before, 0))
        padding.middleEnd = padding.middleBegin + Int64(kept)
        padding.middleSource = Int64(min(max(-before, 0), input[last]))
        rowWork = max(1, output[last], input[last])
    }

    /// The same padding with fewer dimensions.
    private static func grouped(_ pad: Pad, _ input: Shape) -> (Pad, [Int])? {
        var (before, after, sizes) = ([Int](), [Int](), [Int]())
        for (dimension, size) in input.enumerated() {
            let isPadded = pad.before[dimension] != 0 || pad.after[dimension] != 0
            // The row is not joined with others, so that it stays one run of memory.
            let isRow = dimension == input.rank - 1
            if !isPadded, !isRow, let last = sizes.indices.last, before[last] == 0, after[last] == 0 {
                sizes[last] *= size
            } else {
                before.append(pad.before[dimension])
                after.append(pad.after[dimension])
                sizes.append(size)
            }
        }
        guard (1...Int(APUS_MAX_RANK)).contains(sizes.count),
            zip(sizes, zip(before, after)).allSatisfy({ max($0, $0 + $1.0 + $1.1) <= Int(Int32.max) })
        else { return nil }
        return (Pad(before: before, after: after, mode: pad.mode, value: pad.value), sizes)
    }

    private static func copies(_ sources: [Int], size: Int) -> [Int32] {
        var positions = [[Int32]](repeating: [], count: size)
        for (position, source) in sources.enumerated() where source >= 0 { positions[source].append(Int32(position)) }
        var starts: [Int32] = [0]
        for list in positions { starts.append((starts.last ?? 0) + Int32(list.count)) }
        return starts + positions.flatMap { $0 }
    }

    /// Calls `body` with ranges of `count` rows.
    func inParallel(_ count: Int, _ body: (UnsafePointer<ApusPadding>, Int64, Int64) -> Void) {
        Parallel.ranges(count, grain: max(1, Parallel.smallWork / rowWork)) { range, _ in
            withUnsafePointer(to: padding) { body($0, Int64(range.lowerBound), Int64(range.upperBound)) }
        }
    }
}

extension [Int64] {
    fileprivate var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}

extension Pad: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (input, output) = (step.inputs[0].spec, step.outputs[0].spec)
        guard input.dtype == .float32, output.shape.elementCount > 0,
            let rows = PaddedRows(self, input: input.shape)
        else { return nil }
        let size = Int32(input.dtype.byteCount)
        let value = Float(value)
        return PreparedStep(kernel: "padded rows") { operands, _ in
            withUnsafePointer(to: value) { value in
                rows.inParallel(rows.outputRows) { padding, begin, end in
                    apus_pad_rows(size, padding, rows.sources, value, operands[0], operands[1], begin, end)
                }
            }
        }
    }
}

extension PadGradient: CPULowerable {
    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (dy, dx) = (step.inputs[0].spec, step.outputs[0].spec)
        guard dy.dtype == .float32, dx.shape.elementCount > 0, dy.shape.elementCount > 0,
            let rows = PaddedRows(pad, input: dx.shape)
        else { return nil }
        return PreparedStep(kernel: "padded rows") { operands, _ in
            rows.sources.withUnsafeBufferPointer { sources in
                guard let columns = sources.baseAddress.map({ $0 + rows.columnStart }) else { return }
                rows.inParallel(rows.inputRows) { padding, begin, end in
                    apus_pad_gradient_rows(
                        padding, columns, rows.copies, operands[0].floats, operands[1].floats, begin, end)
                }
            }
        }
    }
}
