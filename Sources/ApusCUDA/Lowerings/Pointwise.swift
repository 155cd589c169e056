import ApusGraph
import ApusPlan
import CCUDA

extension Pointwise: CUDALowerable {
    /// A program of one function.
    private func program(_ step: StepDescription) -> FusedPointwise {
        let instruction = FusedPointwise.Instruction(
            .function(function), operands: Array(step.inputs.indices), dtype: step.outputs[0].spec.dtype)
        return FusedPointwise(
            inputTypes: step.inputs.map(\.spec.dtype), instructions: [instruction], results: [step.inputs.count],
            shapes: [step.outputs[0].spec.shape])
    }

    func layouts(for step: StepDescription, on device: CUDADevice) throws -> StepLayouts {
        program(step).channelsLastLayouts(step) ?? .plain(step)
    }

    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try program(step).lower(step, on: device)
    }
}

extension FusedPointwise: CUDALowerable {
    func layouts(for step: StepDescription, on device: CUDADevice) throws -> StepLayouts {
        channelsLastLayouts(step) ?? .plain(step)
    }

    /// One launch for each group of parts that a table holds; parts whose inputs are read in different ways are in
    /// different groups, and parts with broadcast inputs by themselves.
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        var groups: [(accesses: [PointwiseGenerator.Access], parts: [Int])] = []
        let filled = shapes.indices.filter { shapes[$0].elementCount > 0 }
        // Those of one element last: they fit any group that reads no input by strides.
        let order = filled.filter { shapes[$0].elementCount > 1 } + filled.filter { shapes[$0].elementCount == 1 }
        for part in order {
            let accesses = accesses(of: part, step)
            let place = groups.firstIndex { group in
                if accesses.contains(.broadcast) || group.accesses.contains(.broadcast) { return false }
                return group.accesses == accesses || shapes[part].elementCount == 1
            }
            if let place { groups[place].parts.append(part) } else { groups.append((accesses, [part])) }
        }
        // Types are refused for empty parts too.
        let check = try PointwiseGenerator(self, inputTypes.map { _ in .whole })
        let faultCode = check.mayFail ? device.faultCode { PointwiseFunctions.divisionByZero($0[0]) } : nil
        var tables: [PointwiseTable] = []
        for group in groups { tables += try self.tables(group.accesses, group.parts, step, faultCode) }
        return PreparedStep(kernel: "pointwise") { [tables] operands, _ in
            for table in tables { try table.launch(on: device, operands) }
        }
    }

    private func accesses(of part: Int, _ step: StepDescription) -> [PointwiseGenerator.Access] {
        (0..<inputsPerPart).map { index in
            let input = step.inputs[part * inputsPerPart + index]
            if let half = input.layout.cuda.half { return .half(half) }
            let count = input.spec.shape.elementCount
            return count == 1 ? .single : count == shapes[part].elementCount ? .whole : .broadcast
        }
    }

    /// The launches of parts whose inputs are read in the same ways.
    private func tables(
        _ accesses: [PointwiseGenerator.Access], _ parts: [Int], _ step: StepDescription, _ faultCode: FaultCode?
    ) throws -> [PointwiseTable] {
        // Only programs of one shape have such results.
        let halves = step.outputs.enumerated().compactMap { index, output in
            output.layout.cuda.half.map { (index, $0) }
        }
        let generator = try PointwiseGenerator(
            self, accesses, halfResults: Dictionary(uniqueKeysWithValues: halves))
        let capacity = parts.count == 1 ? 1 : PointwiseTable.capacity(generator)
        var tables: [PointwiseTable] = []
        for first in stride(from: 0, to: parts.count, by: capacity) {
            let chosen = parts[first..<min(first + capacity, parts.count)]
            let isLong = chosen.contains { shapes[$0].elementCount > Int(Int32.max) - 2 * PointwiseGenerator.chunk }
            var macros = ["PARTS": "\(capacity)", "I": isLong ? "unsigned long long" : "unsigned int"]
            let prepared = try chosen.map { part in
                let strided = try stridedDimensions(generator, part, step)
                if !strided.isEmpty { macros["RANK"] = "\(strided.count / (1 + generator.broadcastInputs.count))" }
                return PointwisePart(
                    self, accesses, count: shapes[part].elementCount,
                    inputs: Array(part * inputsPerPart..<(part + 1) * inputsPerPart),
                    outputs: (0..<results.count).map { step.inputs.count + part * results.count + $0 },
                    dimensions: strided)
            }
            tables.append(
                PointwiseTable(
                    kernel: CUDAKernel(generator.source, "pointwise", macros: macros), constants: generator.constants,
                    parts: prepared, capacity: capacity, faultCode: faultCode))
        }
        return tables
    }

    /// The sizes of a part's shape, and the strides of each broadcast input; empty where there is none.
    private func stridedDimensions(
        _ generator: PointwiseGenerator, _ part: Int, _ step: StepDescription
    ) throws -> [Int] {
        guard !generator.broadcastInputs.isEmpty else { return [] }
        var sizes = shapes[part].dimensions
        var strides = generator.broadcastInputs.map { index in
            Self.broadcastStrides(step.inputs[part * inputsPerPart + index].spec.shape, to: shapes[part])
        }
        joinDimensions(&sizes, &strides)
        guard sizes.count <= Int(APUS_CUDA_MAX_RANK) else {
            throw TensorError(
                name, "\(sizes.count) dimensions are more than the \(APUS_CUDA_MAX_RANK) that CUDA kernels take.")
        }
        return sizes + strides.flatMap { $0 }
    }

    private static func broadcastStrides(_ shape: Shape, to target: Shape) -> [Int] {
        let own = shape.rowMajorStrides
        let lead = target.rank - shape.rank
        return (0..<target.rank).map { dimension in
            dimension < lead || shape.dimensions[dimension - lead] == 1 ? 0 : own[dimension - lead]
        }
    }
}

/// Drops sizes of 1, and joins neighbours along which every operand moves on evenly.
func joinDimensions(_ sizes: inout [Int], _ strides: inout [[Int]]) {
    func remove(_ dimension: Int) {
        sizes.remove(at: dimension)
        for index in strides.indices { strides[index].remove(at: dimension) }
    }
    for dimension in sizes.indices.reversed() where sizes[dimension] == 1 && sizes.count > 1 { remove(dimension) }
    for dimension in stride(from: sizes.count - 2, through: 0, by: -1) {
        let isEven = strides.allSatisfy { $0[dimension] == $0[dimension + 1] * sizes[dimension + 1] }
        guard isEven else { continue }
        sizes[dimension + 1] *= sizes[dimension]
        remove(dimension)
    }
}
