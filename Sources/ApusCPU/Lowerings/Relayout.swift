import ApusGraph
import ApusPlan
import CKernels
import COneDNN

extension Relayout: CPULowerable {
    /// The layout pass knows both layouts; it never asks.
    func layouts(for step: StepDescription) throws -> StepLayouts? { nil }

    func lower(_ step: StepDescription) throws -> PreparedStep? {
        let (source, target) = (step.inputs[0], step.outputs[0])
        let shape = source.spec.shape
        let groups = (shape.dimensions.first ?? 0) / Int(APUS_LANES)
        let features = groups > 0 ? shape.elementCount / shape[0] : 0
        switch (source.layout, target.layout) {
        case (.plain, .lanes):
            return PreparedStep(kernel: "to lanes") { operands, _ in
                rowsToLanes(operands[0].floats, operands[1].floats, groups: groups, features: features)
            }
        case (.lanes, .plain):
            return PreparedStep(kernel: "from lanes") { operands, _ in
                lanesToRows(operands[0].floats, operands[1].floats, groups: groups, features: features)
            }
        case (.lanes, _):
            guard let descriptor = target.layout.oneDNN else { return nil }
            let reorder = try makeReorder(from: .plain(descriptor.dimensions), to: descriptor)
            let rows = (source.spec.byteCount + 63) / 64 * 64
            let step = reorder.step([.source, .destination])
            return PreparedStep(kernel: "from lanes, reorder", scratchBytes: rows + step.scratchBytes) {
                operands, scratch in
                lanesToRows(operands[0].floats, scratch.floats, groups: groups, features: features)
                try run(step, scratch, operands[1], scratch + rows)
            }
        case (_, .lanes):
            guard let descriptor = source.layout.oneDNN else { return nil }
            let reorder = try makeReorder(from: descriptor, to: .plain(descriptor.dimensions))
            let rows = (source.spec.byteCount + 63) / 64 * 64
            let step = reorder.step([.source, .destination])
            return PreparedStep(kernel: "reorder, to lanes", scratchBytes: rows + step.scratchBytes) {
                operands, scratch in
                try run(step, operands[0], scratch, scratch + rows)
                rowsToLanes(scratch.floats, operands[1].floats, groups: groups, features: features)
            }
        default:
            // One side at least is oneDNN's, and knows the sizes (a grouped weight has one dimension more).
            guard let sizes = (source.layout.oneDNN ?? target.layout.oneDNN)?.dimensions else { return nil }
            let reorder = try makeReorder(
                from: source.oneDNNDescriptor(sizes), to: target.oneDNNDescriptor(sizes))
            return reorder.step([.source, .destination])
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

private func rowsToLanes(
    _ rows: UnsafeMutablePointer<Float>, _ lanes: UnsafeMutablePointer<Float>, groups: Int, features: Int
) {
    Parallel.ranges(groups) { range, _ in
        apus_lanes_from_rows(
            rows, Int64(features), Int64(features), lanes, Int64(range.lowerBound), Int64(range.upperBound))
    }
}

private func lanesToRows(
    _ lanes: UnsafeMutablePointer<Float>, _ rows: UnsafeMutablePointer<Float>, groups: Int, features: Int
) {
    Parallel.ranges(groups) { range, _ in
        apus_lanes_to_rows(
            lanes, Int64(features), rows, Int64(features), Int64(range.lowerBound), Int64(range.upperBound))
    }
}
