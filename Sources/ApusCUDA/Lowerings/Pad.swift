import ApusGraph
import ApusPlan
import CCUDA

extension KernelSource {
    /// `E`: an unsigned type of the size of an element; `I`: the unsigned type of positions.
    fileprivate static let pad = KernelSource(
        name: "pad",
        code: """
            // The strides of `output` are the numbers of elements before each dimension. The modes are 0 constant,
            // 1 reflect, 2 replicate, 3 circular.
            extern "C" __global__ void pad(
                const E* __restrict__ x, E* __restrict__ y, Dimensions input, Dimensions output, int64 mode, int64 bits,
                int64 count) {
                APUS_LOOP(i, count) {
                    I position = (I)i;
                    int64 offset = 0;
                    bool inside = true;
                    for (int d = (int)output.rank - 1; d >= 0; d--) {
                        const I length = (I)output.sizes[d];
                        const I rest = d > 0 ? position / length : 0;
                        const int64 before = output.strides[d], size = input.sizes[d];
                        int64 place = (int64)(position - rest * length) - before;
                        position = rest;
                        if (mode == 0) {
                            inside = inside && place >= 0 && place < size;
                        } else if (mode == 1) {
                            place = place < 0 ? -place : place < size ? place : 2 * (size - 1) - place;
                        } else if (mode == 2) {
                            place = place < 0 ? 0 : place < size ? place : size - 1;
                        } else {
                            const int64 after = (int64)length - size - before;
                            const int64 start = before < 0 ? -before : 0;
                            const int64 kept = size - start + (after < 0 ? after : 0);
                            place += place < start ? kept : place >= start + kept ? -kept : 0;
                        }
                        offset += place * input.strides[d];
                    }
                    y[i] = inside ? x[offset] : (E)bits;
                }
            }
            """)

    /// `T`: the type of the elements; `I`: the unsigned type of positions.
    fileprivate static let padGradient = KernelSource(
        name: "pad gradient",
        code: """
            // Adds up the elements of dy that are copies of each element of x, in order. The strides of `input` are the
            // numbers of elements before each dimension.
            extern "C" __global__ void pad_gradient(
                const T* __restrict__ dy, T* __restrict__ dx, Dimensions input, Dimensions output, int64 mode,
                int64 count) {
                APUS_LOOP(i, count) {
                    // For each dimension the copies of the element's place: up to three, or a run from the first on.
                    int64 copies[APUS_MAX_RANK][3];
                    int64 numbers[APUS_MAX_RANK];
                    int64 total = 1;
                    I position = (I)i;
                    for (int d = (int)input.rank - 1; d >= 0; d--) {
                        const int64 size = input.sizes[d], before = input.strides[d], length = output.sizes[d];
                        const I rest = d > 0 ? position / (I)size : 0;
                        const int64 place = (int64)(position - rest * (I)size);
                        position = rest;
                        int64 number = 0;
                        if (mode == 2) {
                            const int64 first = place == 0 || place + before < 0 ? 0 : place + before;
                            const int64 end = place == size - 1 || place + before + 1 > length
                                ? length : place + before + 1;
                            copies[d][0] = first;
                            number = end > first ? end - first : 0;
                        } else {
                            int64 low = -1, high = -1;
                            bool is_kept = true;
                            if (mode == 1) {
                                low = place > 0 ? before - place : -1;
                                high = place < size - 1 ? before + 2 * (size - 1) - place : -1;
                            } else if (mode == 3) {
                                const int64 after = length - size - before;
                                const int64 start = before < 0 ? -before : 0;
                                const int64 kept = size - start + (after < 0 ? after : 0);
                                is_kept = place >= start && place < start + kept;
                                low = before + place - kept;
                                high = before + place + kept;
                            }
                            if (is_kept) {
                                if (low >= 0 && low < length) copies[d][number++] = low;
                                const int64 own = before + place;
                                if (own >= 0 && own < length) copies[d][number++] = own;
                                if (high >= 0 && high < length) copies[d][number++] = high;
                            }
                        }
                        numbers[d] = number;
                        total *= number;
                    }
                    double sum = 0.0;
                    for (int64 index = 0; index < total; index++) {
                        int64 left = index, offset = 0;
                        for (int d = (int)input.rank - 1; d >= 0; d--) {
                            int64 place = 0;
                            if (numbers[d] > 1) {
                                place = left % numbers[d];
                                left /= numbers[d];
                            }
                            offset += (mode == 2 ? copies[d][0] + place : copies[d][place]) * output.strides[d];
                        }
                        sum += (double)dy[offset];
                    }
                    dx[i] = (T)sum;
                }
            }
            """)
}

/// A padding with as few dimensions as can be: neighbouring ones that are not padded count as one.
private struct JoinedPadding {
    private(set) var input: [Int] = []
    private(set) var output: [Int] = []
    private(set) var before: [Int] = []

    init(_ pad: Pad, input shape: Shape, output: Shape) {
        var isWhole = false
        for (dimension, size) in shape.enumerated() {
            let isPadded = pad.before[dimension] != 0 || pad.after[dimension] != 0
            if isWhole, !isPadded, let last = input.indices.last {
                input[last] *= size
                self.output[last] *= size
            } else {
                input.append(size)
                self.output.append(output.dimensions[dimension])
                before.append(pad.before[dimension])
            }
            isWhole = !isPadded
        }
    }
}

extension PadMode {
    /// The number of the mode in the kernels.
    fileprivate var number: Int {
        switch self {
        case .constant: 0
        case .reflect: 1
        case .replicate: 2
        case .circular: 3
        }
    }
}

extension Pad: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (x, y) = (step.inputs[0].spec, step.outputs[0].spec)
        let joined = JoinedPadding(self, input: x.shape, output: y.shape)
        let input = try ApusDimensions(joined.input, strides: Shape(joined.input).rowMajorStrides, of: name)
        let output = try ApusDimensions(joined.output, strides: joined.before, of: name)
        let (count, bits, mode) = (y.shape.elementCount, x.dtype.bits(of: value), mode.number)
        let kernel = CUDAKernel(
            .pad, "pad", macros: ["E": x.dtype.bitsName, "I": ElementBits.indexName(count: count)])
        return PreparedStep(kernel: "pad") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .dimensions(input),
                .dimensions(output), .int(mode), .int(bits), .int(count))
        }
    }
}

extension PadGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (dy, dx) = (step.inputs[0].spec, step.outputs[0].spec)
        guard dx.dtype.isFloatingPoint else {
            throw TensorError(name, "the operation is not defined for \(dx.dtype). Cast to .float32 first.")
        }
        let joined = JoinedPadding(pad, input: inputShape, output: dy.shape)
        let input = try ApusDimensions(joined.input, strides: joined.before, of: name)
        let output = try ApusDimensions(joined.output, strides: Shape(joined.output).rowMajorStrides, of: name)
        let (count, mode) = (inputShape.elementCount, pad.mode.number)
        let kernel = CUDAKernel(
            .padGradient, "pad_gradient", types: ["T": dx.dtype],
            macros: ["I": ElementBits.indexName(count: count)])
        return PreparedStep(kernel: "pad gradient") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .dimensions(input),
                .dimensions(output), .int(mode), .int(count))
        }
    }
}
