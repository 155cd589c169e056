import ApusGraph
import ApusPlan

extension KernelSource {
    /// `E`: an unsigned type of the size of an element; `I`: that of positions; `W`: that of a source element's number.
    fileprivate static let gather = KernelSource(
        name: "gather",
        code: """
            // The element of [outer, size, inner] that a position of [outer, length, inner] names; -1 where none.
            __device__ inline int64 place_of(
                const int64* positions, int64 i, int64 size, int64 length, int64 inner, Fault* fault, int64 code) {
                const int64 position = positions[i];
                if (position < 0 || position >= size) {
                    apus_fault(fault, code, position, i, 0);
                    return -1;
                }
                const I line = (I)i / (I)inner;
                const int64 column = i - (int64)line * inner;
                return ((int64)(line / (I)length) * size + position) * inner + column;
            }

            extern "C" __global__ void gather(
                const E* __restrict__ x, const int64* __restrict__ positions, E* __restrict__ y, int64 size,
                int64 length, int64 inner, int64 count, Fault* fault, int64 code) {
                APUS_LOOP(i, count) {
                    const int64 place = place_of(positions, i, size, length, inner, fault, code);
                    y[i] = place < 0 ? (E)0 : x[place];
                }
            }

            // Where no position occurs twice.
            extern "C" __global__ void scatter_alone(
                const E* __restrict__ source, const int64* __restrict__ positions, E* __restrict__ y, int64 size,
                int64 length, int64 inner, int64 count, Fault* fault, int64 code) {
                APUS_LOOP(i, count) {
                    const int64 place = place_of(positions, i, size, length, inner, fault, code);
                    if (place >= 0) y[place] = source[i];
                }
            }

            // Of equal positions the last one stands: each target keeps the greatest number of a source element, from 1
            // on. Three steps: no number yet; the greatest; the element that has it.
            extern "C" __global__ void scatter_begin(
                const int64* __restrict__ positions, W* __restrict__ last, int64 size, int64 length, int64 inner,
                int64 count, Fault* fault, int64 code) {
                APUS_LOOP(i, count) {
                    const int64 place = place_of(positions, i, size, length, inner, fault, code);
                    if (place >= 0) last[place] = 0;
                }
            }

            extern "C" __global__ void scatter_compare(
                const int64* __restrict__ positions, W* __restrict__ last, int64 size, int64 length, int64 inner,
                int64 count, Fault* fault, int64 code) {
                APUS_LOOP(i, count) {
                    const int64 place = place_of(positions, i, size, length, inner, fault, code);
                    if (place >= 0) atomicMax(last + place, (W)(i + 1));
                }
            }

            extern "C" __global__ void scatter_last(
                const E* __restrict__ source, const int64* __restrict__ positions, const W* __restrict__ last,
                E* __restrict__ y, int64 size, int64 length, int64 inner, int64 count, Fault* fault, int64 code) {
                APUS_LOOP(i, count) {
                    const int64 place = place_of(positions, i, size, length, inner, fault, code);
                    if (place >= 0 && last[place] == (W)(i + 1)) y[place] = source[i];
                }
            }

            // The targets as keys; `none` where there is no target.
            extern "C" __global__ void scatter_keys(
                const int64* __restrict__ positions, W* __restrict__ keys, int64 none, int64 size, int64 length,
                int64 inner, int64 count, Fault* fault, int64 code) {
                APUS_LOOP(i, count) {
                    const int64 place = place_of(positions, i, size, length, inner, fault, code);
                    keys[i] = (W)(place < 0 ? none : place);
                }
            }
            """)
}

extension Gather: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (x, y) = (step.inputs[0].spec, step.outputs[0].spec)
        let view = IndexedView(x.shape, along: dimension, positions: y.shape, operation: name)
        let (count, length) = (y.shape.elementCount, y.shape.dimensions[dimension])
        let kernel = CUDAKernel(
            .gather, "gather",
            macros: ["E": x.dtype.bitsName, "I": ElementBits.indexName(count: count), "W": "unsigned int"])
        let fault = view.faultCode(on: device)
        return PreparedStep(kernel: "gather") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .address(operands[2]),
                .int(view.size), .int(length), .int(view.inner), .int(count), .fault(fault))
        }
    }
}

extension Scatter: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (x, source) = (step.inputs[0].spec, step.inputs[2].spec)
        let view = IndexedView(x.shape, along: dimension, positions: source.shape, operation: name)
        let put = adds ? try adding(x, source, view, device) : replacing(x, source, view, device)
        let bytes = x.byteCount
        return PreparedStep(kernel: put.kernel, scratchBytes: put.scratchBytes) { operands, scratch in
            // In place where the plan gave the result the tensor's own memory.
            if operands[0] != operands[3] {
                try device.context().copy(operands[3], from: operands[0], byteCount: bytes)
            }
            try put.run(operands, scratch)
        }
    }

    /// Writes over elements of the result.
    private func replacing(
        _ x: TensorSpec, _ source: TensorSpec, _ view: IndexedView, _ device: CUDADevice
    ) -> PreparedStep {
        let (count, length) = (source.shape.elementCount, source.shape.dimensions[dimension])
        let isSmall = count < (1 << 32) - 1
        func kernel(_ name: String) -> CUDAKernel {
            CUDAKernel(
                .gather, name,
                macros: [
                    "E": x.dtype.bitsName, "I": ElementBits.indexName(count: count),
                    "W": ElementBits.name(byteCount: isSmall ? 4 : 8),
                ])
        }
        let fault = view.faultCode(on: device)
        let (size, inner) = (view.size, view.inner)
        guard length > 1 else {
            let alone = kernel("scatter_alone")
            return PreparedStep(kernel: "scatter") { operands, _ in
                try alone.launch(
                    on: device, count: count, .address(operands[2]), .address(operands[1]), .address(operands[3]),
                    .int(size), .int(length), .int(inner), .int(count), .fault(fault))
            }
        }
        let (begin, compare, last) = (kernel("scatter_begin"), kernel("scatter_compare"), kernel("scatter_last"))
        let scratchBytes = x.shape.elementCount * (isSmall ? 4 : 8)
        return PreparedStep(kernel: "scatter", scratchBytes: scratchBytes) { operands, scratch in
            for kernel in [begin, compare] {
                try kernel.launch(
                    on: device, count: count, .address(operands[1]), .address(scratch), .int(size), .int(length),
                    .int(inner), .int(count), .fault(fault))
            }
            try last.launch(
                on: device, count: count, .address(operands[2]), .address(operands[1]), .address(scratch),
                .address(operands[3]), .int(size), .int(length), .int(inner), .int(count), .fault(fault))
        }
    }

    /// Adds to elements of the result.
    private func adding(
        _ x: TensorSpec, _ source: TensorSpec, _ view: IndexedView, _ device: CUDADevice
    ) throws -> PreparedStep {
        let (count, length, all) = (source.shape.elementCount, source.shape.dimensions[dimension], x.shape.elementCount)
        let sums = try RunningSums(x.dtype, outer: 1, size: all, inner: 1, length: count, operation: name)
        let keys = CUDAKernel(
            .gather, "scatter_keys",
            macros: [
                "E": x.dtype.bitsName, "I": ElementBits.indexName(count: count), "W": sums.sort.keyName,
            ])
        let fault = view.faultCode(on: device)
        return PreparedStep(kernel: "scatter add", scratchBytes: sums.sort.scratchBytes) { operands, scratch in
            try keys.launch(
                on: device, count: count, .address(operands[1]), .address(scratch), .int(all), .int(view.size),
                .int(length), .int(view.inner), .int(count), .fault(fault))
            try sums.run(on: device, adding: operands[2], to: operands[3], scratch)
        }
    }
}
