import ApusGraph
import ApusPlan
import CCUDA

extension Reduction: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let reducer = try Reducer(self, step.inputs[0].spec, step.outputs[0].spec)
        return PreparedStep(kernel: reducer.kernelName, scratchBytes: reducer.scratchBytes) { operands, scratch in
            try reducer.run(on: device, operands[0], operands[1], scratch)
        }
    }
}

extension FusedReduction: CUDALowerable {
    /// The chain, then the reduction, with the reduced values in scratch memory: the backend does not ask for this
    /// fusion, but computes it where a plan has it.
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = try pointwise.infer(step.inputs.map(\.spec))[reduced]
        let value = PlannedValue(spec)
        var results = Array(step.outputs.dropLast())
        results.insert(value, at: reduced)
        let uses = results.map { _ in StepDescription.ResultUse(outlivesPlan: true, readers: []) }
        let chain = try pointwise.lower(
            StepDescription(pointwise, inputs: step.inputs, outputs: results, uses: uses), on: device)
        let reducer = try Reducer(reduction, spec, step.outputs[step.outputs.count - 1].spec)
        let (inputCount, place) = (step.inputs.count, reduced)
        // The reduction's own scratch memory stands behind the values, as aligned as these.
        let valueBytes = (spec.byteCount + 255) / 256 * 256
        return PreparedStep(
            kernel: "pointwise, \(reducer.kernelName)", scratchBytes: valueBytes + reducer.scratchBytes
        ) { operands, scratch in
            var addresses = Array(operands.dropLast())
            addresses.insert(scratch, at: inputCount + place)
            try addresses.withUnsafeBufferPointer { try chain.run($0, scratch) }
            try reducer.run(on: device, scratch, operands[operands.count - 1], scratch + valueBytes)
        }
    }
}

/// The launches of one reduction.
private struct Reducer {
    /// Blocks that fill a large GPU; the same number everywhere, so that the results are.
    private static let enoughBlocks = 1_024

    let kernelName: String
    private let kernel: CUDAKernel
    private let finish: CUDAKernel?
    private let outputs: Int
    /// The elements of one result, and how many of them a block takes.
    private let count: Int
    private let part: Int
    private let parts: Int
    private let kept: ApusDimensions
    private let reduced: ApusDimensions
    private let groups: RowGroups
    private let isByColumns: Bool
    private let accumulatorBytes: Int

    init(_ reduction: Reduction, _ input: TensorSpec, _ output: TensorSpec) throws {
        let sizes = input.shape.dimensions
        let strides = input.shape.rowMajorStrides
        func axes(_ isReduced: Bool) -> (sizes: [Int], strides: [Int]) {
            let chosen = sizes.indices.filter { reduction.dimensions.contains($0) == isReduced }
            var (chosenSizes, chosenStrides) = (chosen.map { sizes[$0] }, [chosen.map { strides[$0] }])
            joinDimensions(&chosenSizes, &chosenStrides)
            return (chosenSizes, chosenStrides[0])
        }
        let (keptAxes, reducedAxes) = (axes(false), axes(true))
        outputs = output.shape.elementCount
        count = reducedAxes.sizes.reduce(1, *)
        kept = try ApusDimensions(keptAxes.sizes, strides: keptAxes.strides, of: reduction.name)
        reduced = try ApusDimensions(reducedAxes.sizes, strides: reducedAxes.strides, of: reduction.name)

        // Where neighbours are kept and there are some of them, threads next to each other read elements that are.
        isByColumns = keptAxes.strides.last == 1 && (keptAxes.sizes.last ?? 1) >= 8 && count > 1
        if isByColumns {
            groups = RowGroups(rows: outputs, length: 1, isContiguous: true)
            let blocks = (outputs + 31) / 32
            let wanted = max(1, min(Self.enoughBlocks / max(blocks, 1), count / 128))
            part = max(1, (count + wanted - 1) / wanted)
        } else {
            groups = RowGroups(rows: outputs, length: count, isContiguous: true)
            let isSplit = groups.lanes > 32
            let wanted = isSplit ? max(1, min(Self.enoughBlocks / max(outputs, 1), count / 4_096)) : 1
            part = max(1, (count + wanted - 1) / wanted)
        }
        parts = max(1, (count + part - 1) / part)

        let types = Self.types(reduction.kind, input.dtype)
        accumulatorBytes = types.accumulatorBytes
        let macros = [
            "T": input.dtype.cudaName, "A": types.accumulator, "Y": output.dtype.cudaName,
            "OPERATION": types.operation,
            "I": input.shape.elementCount < Int(Int32.max) / 2 ? "unsigned int" : "unsigned long long",
        ]
        kernelName = isByColumns ? "reduce_columns" : "reduce_rows"
        kernel = CUDAKernel(ReductionKernels.source, kernelName, macros: macros)
        finish = parts > 1 ? CUDAKernel(ReductionKernels.source, "reduce_partials", macros: macros) : nil
    }

    /// What combines the elements, and in which type: products in double precision, so that no factor's order matters
    /// for what is still a `float`.
    private static func types(
        _ kind: Reduction.Kind, _ dtype: DType
    ) -> (operation: String, accumulator: String, accumulatorBytes: Int) {
        let own = dtype.isFloatingPoint ? dtype : .int64
        let wide: DType = dtype.isFloatingPoint ? .float64 : .int64
        return switch kind {
        case .sum: ("Sum", own.cudaName, own.byteCount)
        case .mean: ("Mean", own.cudaName, own.byteCount)
        case .prod: ("Product", wide.cudaName, wide.byteCount)
        case .amax: ("Largest", own.cudaName, own.byteCount)
        case .amin: ("Smallest", own.cudaName, own.byteCount)
        case .any: ("Any", "int", 4)
        case .all: ("All", "int", 4)
        }
    }

    var scratchBytes: Int { parts > 1 ? outputs * parts * accumulatorBytes : 0 }

    func run(
        on device: CUDADevice, _ x: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer,
        _ scratch: UnsafeMutableRawPointer
    ) throws {
        guard outputs > 0 else { return }
        let target = parts > 1 ? scratch : y
        let arguments: [KernelArgument] = [
            .address(x), .address(target), .dimensions(kept), .dimensions(reduced), .int(outputs), .int(count),
            .int(part),
        ]
        if isByColumns {
            try kernel.launch(
                on: device, grid: ((outputs + 31) / 32, parts, 1), block: (32, 8, 1), sharedBytes: 0, arguments)
        } else {
            try kernel.launch(
                on: device, grid: (groups.blocks, parts, 1), block: (groups.threads, 1, 1), sharedBytes: 0,
                arguments + [.int(groups.lanes)])
        }
        guard let finish else { return }
        let last = RowGroups(rows: outputs, length: parts, isContiguous: true)
        try finish.launch(
            on: device, blocks: last.blocks, threads: last.threads, .address(scratch), .address(y), .int(outputs),
            .int(parts), .int(count), .int(last.lanes))
    }
}
