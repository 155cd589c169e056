import ApusGraph
import ApusPlan

extension KernelSource {
    /// `E`: an unsigned type of the size of what is moved at once; `I`: that of positions; `U`: that of keys.
    fileprivate static let indexSelect = KernelSource(
        name: "select slices",
        code: """
            // From [outer, size, inner] to [outer, length, inner].
            extern "C" __global__ void select_slices(
                const E* __restrict__ x, const int64* __restrict__ positions, E* __restrict__ y, int64 size,
                int64 length, int64 inner, int64 count, Fault* fault, int64 code) {
                APUS_LOOP(i, count) {
                    const I line = (I)i / (I)inner;
                    const int64 column = i - (int64)line * inner;
                    const I o = line / (I)length;
                    const I number = line - o * (I)length;
                    const int64 position = positions[number];
                    if (position >= 0 && position < size) {
                        y[i] = x[((int64)o * size + position) * inner + column];
                    } else {
                        if (o == 0 && column == 0) apus_fault(fault, code, position, (int64)number, 0);
                        const E nothing = {};
                        y[i] = nothing;
                    }
                }
            }

            // For where there is nothing to select.
            extern "C" __global__ void check_positions(
                const int64* __restrict__ positions, int64 size, int64 count, Fault* fault, int64 code) {
                APUS_LOOP(i, count) {
                    if (positions[i] < 0 || positions[i] >= size) apus_fault(fault, code, positions[i], i, 0);
                }
            }

            // Positions as keys; `size` stands for those that are left out.
            extern "C" __global__ void slice_keys(
                const int64* __restrict__ positions, U* __restrict__ keys, int64 size, int64 frozen, int64 count,
                Fault* fault, int64 code) {
                APUS_LOOP(i, count) {
                    const int64 position = positions[i];
                    const bool exists = position >= 0 && position < size;
                    if (!exists) apus_fault(fault, code, position, i, 0);
                    keys[i] = (U)(exists && position != frozen ? position : size);
                }
            }
            """)
}

extension IndexSelect: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (x, positions) = (step.inputs[0].spec, step.inputs[1].spec.shape)
        let view = IndexedView(x.shape, along: dimension, positions: positions, operation: name)
        let length = positions.elementCount
        // Slices are moved up to 16 bytes at once.
        var factor = 16 / x.dtype.byteCount
        while view.inner % factor != 0 { factor /= 2 }
        let inner = view.inner / factor
        let count = view.outer * length * inner
        let macros = [
            "E": ElementBits.name(byteCount: x.dtype.byteCount * factor), "I": ElementBits.indexName(count: count),
            "U": "unsigned int",
        ]
        let check = CUDAKernel(.indexSelect, "check_positions", macros: macros)
        let select = CUDAKernel(.indexSelect, "select_slices", macros: macros)
        let fault = view.faultCode(on: device)
        return PreparedStep(kernel: "select slices") { operands, _ in
            guard count > 0 else {
                return try check.launch(
                    on: device, count: length, .address(operands[1]), .int(view.size), .int(length), .fault(fault))
            }
            try select.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .address(operands[2]),
                .int(view.size), .int(length), .int(inner), .int(count), .fault(fault))
        }
    }
}

extension IndexAdd: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (x, positions) = (step.inputs[0].spec, step.inputs[1].spec.shape)
        let view = IndexedView(x.shape, along: dimension, positions: positions, operation: name)
        let (length, bytes, frozen) = (positions.elementCount, x.byteCount, frozenPosition ?? -1)
        let sums = try RunningSums(
            x.dtype, outer: view.outer, size: view.size, inner: view.inner, length: length, operation: name)
        let keys = CUDAKernel(
            .indexSelect, "slice_keys",
            macros: ["E": x.dtype.bitsName, "I": "unsigned int", "U": sums.sort.keyName])
        let fault = view.faultCode(on: device)
        return PreparedStep(kernel: "add slices", scratchBytes: sums.sort.scratchBytes) { operands, scratch in
            // In place where the plan gave the result the tensor's own memory.
            if operands[0] != operands[3] {
                try device.context().copy(operands[3], from: operands[0], byteCount: bytes)
            }
            try keys.launch(
                on: device, count: length, .address(operands[1]), .address(scratch), .int(view.size), .int(frozen),
                .int(length), .fault(fault))
            try sums.run(on: device, adding: operands[2], to: operands[3], scratch)
        }
    }
}
