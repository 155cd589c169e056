import ApusGraph
import ApusPlan
import CKernels
import COneDNN

extension Relayout: CPULowerable {
    /// The layout pass knows both layouts; it never asks.
    func layouts(for step: StepDescription) throws -> StepLayouts? { nil }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (source, target) = (step.inputs[0], step.outputs[0])
        if let filters = target.layout.blockFilters { return try lowerFilters(source, filters) }
        guard !source.layout.isLanes, !target.layout.isLanes else { return try lowerLanes(source, target) }
        // One side at least is oneDNN's, and knows the sizes (a grouped weight has one dimension more).
        guard let sizes = (source.layout.oneDNN ?? target.layout.oneDNN)?.dimensions else { return nil }
        let reorder = try makeReorder(from: source.oneDNNDescriptor(sizes), to: target.oneDNNDescriptor(sizes))
        return reorder.step([.source, .destination])
    }

    /// To filters in blocks of channels, by way of rows; they are read by convolutions alone, and never laid out again.
    private func lowerFilters(_ source: PlannedValue, _ filters: BlockFilters) throws -> PreparedStep? {
        if source.layout == .plain {
            return PreparedStep(kernel: "filters to blocks") { operands, _ in
                filters.layOut(operands[0].floats, operands[1].floats)
            }
        }
        let rows = PlannedValue(source.spec)
        guard
            let toRows = try lower(
                StepDescription(self, inputs: [source], outputs: [rows], uses: []))
        else { return nil }
        let bytes = (source.spec.byteCount + 63) / 64 * 64
        return PreparedStep(kernel: "filters to blocks by rows", scratchBytes: bytes + toRows.scratchBytes) {
            operands, scratch in
            try run(toRows, operands[0], scratch, scratch + bytes)
            filters.layOut(scratch.floats, operands[1].floats)
        }
    }

    /// Between lanes and rows or blocks of channels, or by way of rows.
    private func lowerLanes(_ source: PlannedValue, _ target: PlannedValue) throws -> PreparedStep? {
        let rows = ImageRows(source.spec.shape)
        switch (source.layout, target.layout) {
        case (.plain, _):
            return PreparedStep(kernel: "to lanes") { operands, _ in
                rows.toLanes(operands[0].floats, operands[1].floats)
            }
        case (_, .plain):
            return PreparedStep(kernel: "from lanes") { operands, _ in
                rows.fromLanes(operands[0].floats, operands[1].floats)
            }
        default:
            if let step = lowerBlocks(source, target) { return step }
            guard let descriptor = source.layout.oneDNN ?? target.layout.oneDNN else { return nil }
            let fromLanes = source.layout.isLanes
            let plain = try OneDNNDescriptor.plain(descriptor.dimensions)
            let reorder = try makeReorder(
                from: fromLanes ? plain : descriptor, to: fromLanes ? descriptor : plain)
            let bytes = (source.spec.byteCount + 63) / 64 * 64
            let step = reorder.step([.source, .destination])
            return PreparedStep(
                kernel: fromLanes ? "from lanes, reorder" : "reorder, to lanes",
                scratchBytes: bytes + step.scratchBytes
            ) { operands, scratch in
                if fromLanes {
                    rows.fromLanes(operands[0].floats, scratch.floats)
                    try run(step, scratch, operands[1], scratch + bytes)
                } else {
                    try run(step, operands[0], scratch, scratch + bytes)
                    rows.toLanes(scratch.floats, operands[1].floats)
                }
            }
        }
    }

    /// Between lanes and whole blocks of channels; nil for other layouts.
    private func lowerBlocks(_ source: PlannedValue, _ target: PlannedValue) -> PreparedStep? {
        let fromLanes = source.layout.isLanes
        guard case .channels(let block) = LanesKind(fromLanes ? target : source) else { return nil }
        let shape = source.spec.shape
        let sizes = ApusLanesBlocks(
            images: Int64(shape[0]), blocks: Int64(shape[1] / block), pixels: Int64(shape[2] * shape[3]),
            block: Int64(block))
        let tasks = LanesKind.images.groups(shape) * (shape[1] / block)
        return PreparedStep(kernel: fromLanes ? "lanes to blocks" : "blocks to lanes") { operands, _ in
            Parallel.ranges(tasks) { range, _ in
                let (begin, end) = (Int64(range.lowerBound), Int64(range.upperBound))
                withUnsafePointer(to: sizes) { sizes in
                    if fromLanes {
                        apus_lanes_to_blocks(sizes, operands[0].floats, operands[1].floats, begin, end)
                    } else {
                        apus_lanes_from_blocks(sizes, operands[0].floats, operands[1].floats, begin, end)
                    }
                }
            }
        }
    }

    private func makeReorder(from source: OneDNNDescriptor, to target: OneDNNDescriptor) throws -> OneDNNPrimitive {
        try OneDNNPrimitive(apus_onednn_reorder(source.handle, target.handle, Activation?.none.oneDNN))
    }
}

private func run(
    _ step: PreparedStep, _ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
) throws {
    try withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: 2) { operands in
        operands[0] = source
        operands[1] = target
        try step.run(Operands(operands), scratch)
    }
}

/// Images as rows of numbers.
private struct ImageRows: Sendable {
    private let images: Int64
    private let features: Int64
    private let groups: Int

    init(_ shape: Shape) {
        images = Int64(shape.dimensions.first ?? 0)
        features = images > 0 ? Int64(shape.elementCount) / images : 0
        groups = shape.rank > 0 ? LanesKind.images.groups(shape) : 0
    }

    func toLanes(_ rows: UnsafeMutablePointer<Float>, _ lanes: UnsafeMutablePointer<Float>) {
        Parallel.ranges(groups) { range, _ in
            apus_lanes_from_rows(
                rows, features, features, images, lanes, Int64(range.lowerBound), Int64(range.upperBound))
        }
    }

    func fromLanes(_ lanes: UnsafeMutablePointer<Float>, _ rows: UnsafeMutablePointer<Float>) {
        Parallel.ranges(groups) { range, _ in
            apus_lanes_to_rows(
                lanes, features, images, rows, features, Int64(range.lowerBound), Int64(range.upperBound))
        }
    }
}
