import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements.
    fileprivate static let planePositions = KernelSource(
        name: "plane_positions",
        code: """
            // -1 is no position where that is allowed; others outside of the plane are faults.
            __device__ inline bool is_place(int64 position, int64 wide, bool allowsNone, Fault* fault, int64 code) {
                if (position >= 0 && position < wide) return true;
                if (!allowsNone || position != -1) apus_fault(fault, code, position, 0, 0);
                return false;
            }

            extern "C" __global__ void plane_gather(const T* __restrict__ x, const int64* __restrict__ positions,
                                                    T* __restrict__ y, int64 wide, int64 narrow, int64 count, Fault* fault,
                                                    int64 code) {
                APUS_LOOP(i, count) {
                    const int64 position = positions[i];
                    y[i] = is_place(position, wide, true, fault, code) ? x[i / narrow * wide + position] : T(0);
                }
            }

            // A warp for each plane of zeros, 32 elements at a time. Where some of them meet, one thread adds them in their
            // order, or the last one is put there.
            extern "C" __global__ void plane_scatter(const T* __restrict__ x, const int64* __restrict__ positions, T* y,
                                                     int64 wide, int64 narrow, int64 planes, int64 adds, int64 allowsNone,
                                                     Fault* fault, int64 code) {
                const unsigned all = 0xffffffffu;
                const int lane = threadIdx.x % 32;
                const int64 warps = (int64)gridDim.x * (blockDim.x / 32);
                for (int64 plane = blockIdx.x * (int64)(blockDim.x / 32) + threadIdx.x / 32; plane < planes;
                     plane += warps) {
                    T* const target = y + plane * wide;
                    for (int64 start = 0; start < narrow; start += 32) {
                        const bool isInside = start + lane < narrow;
                        const int64 place = plane * narrow + start + lane;
                        int64 position = isInside ? positions[place] : -1;
                        const T value = isInside ? x[place] : T(0);
                        if (isInside && !is_place(position, wide, allowsNone, fault, code)) position = -1;
                        // The threads with the same position; those without one stay alone.
                        const unsigned same = __match_any_sync(all, position >= 0 ? position : -1 - (int64)lane);
                        if (!adds) {
                            if (position >= 0 && lane == 31 - __clz(same)) target[position] = value;
                        } else {
                            T sum = position >= 0 ? target[position] + value : T(0);
                            if (__any_sync(all, same != 1u << lane)) {
                                // Complete for the first thread of those that meet.
                                for (int other = 1; other < 32; other++) {
                                    const T addend = __shfl_sync(all, value, other);
                                    if (other > lane && (same >> other & 1)) sum += addend;
                                }
                            }
                            if (position >= 0 && lane == __ffs(same) - 1) target[position] = sum;
                        }
                        // The next elements see what these have written.
                        __syncwarp();
                    }
                }
            }
            """)
}

/// Positions in planes that lie in other, mostly larger planes.
private struct Planes: Sendable {
    let device: CUDADevice
    let positions: Shape
    let wide: Int
    let narrow: Int
    let code: FaultCode

    init(_ operation: String, positions: Shape, into planes: Shape, on device: CUDADevice) {
        (self.device, self.positions) = (device, positions)
        wide = planes.dimensions.dropFirst(2).reduce(1, *)
        narrow = positions.dimensions.dropFirst(2).reduce(1, *)
        code = device.faultCode { .positionOutOfRange(operation, Int64($0[0]), planes: planes) }
    }

    /// Planes of zeros in which each element is added, or put, at its position.
    func scatter(_ output: TensorSpec, adds: Bool, allowsNone: Bool) throws -> PreparedStep {
        guard output.dtype.isFloatingPoint else {
            throw TensorError("plane scatter", "the input is \(output.dtype). Cast it to .float32.")
        }
        let kernel = CUDAKernel(.planePositions, "plane_scatter", types: ["T": output.dtype])
        let planes = positions.dimensions.prefix(2).reduce(1, *)
        let warps = 4
        return PreparedStep(kernel: "plane scatter") { operands, _ in
            try device.context().clear(operands[2], byteCount: output.byteCount)
            try kernel.launch(
                on: device, blocks: min((planes + warps - 1) / warps, 65_536), threads: 32 * warps,
                .address(operands[0]), .address(operands[1]), .address(operands[2]), .int(wide), .int(narrow),
                .int(planes), .int(adds ? 1 : 0), .int(allowsNone ? 1 : 0), .fault(code))
        }
    }
}

extension PlaneGather: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (x, positions) = (step.inputs[0].spec, step.inputs[1].spec)
        let planes = Planes(name, positions: positions.shape, into: x.shape, on: device)
        let kernel = CUDAKernel(.planePositions, "plane_gather", types: ["T": x.dtype])
        let count = positions.shape.elementCount
        return PreparedStep(kernel: "plane gather") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .address(operands[2]),
                .int(planes.wide), .int(planes.narrow), .int(count), .fault(planes.code))
        }
    }
}

extension PlaneScatterAdd: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try Planes(name, positions: step.inputs[1].spec.shape, into: shape, on: device)
            .scatter(step.outputs[0].spec, adds: true, allowsNone: true)
    }
}

extension MaxUnpool: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let output = step.outputs[0].spec
        return try Planes(name, positions: step.inputs[1].spec.shape, into: output.shape, on: device)
            .scatter(output, adds: false, allowsNone: false)
    }
}
