import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements; `I`: that of indices.
    fileprivate static let maxPool = KernelSource(
        name: "max_pool",
        code: PoolingSizes.code + """
            extern "C" __global__ void max_pool(const T* __restrict__ x, T* __restrict__ y, int64* __restrict__ positions,
                                                Pooling g, int64 count) {
                APUS_LOOP(i, count) {
                    const Place o = place(i, g.output, g.outputMagic);
                    const Largest found = largest(x + plane_start(o.plane, g.input), g, taps(g, 0, o.at[0]),
                                                  taps(g, 1, o.at[1]), taps(g, 2, o.at[2]));
                    y[i] = found.value;
                    positions[i] = found.position;
                }
            }

            // Each input element takes the gradients of the windows that found it, in their order.
            extern "C" __global__ void max_pool_gradient(const T* __restrict__ dy, const int64* __restrict__ positions,
                                                         T* __restrict__ dx, Pooling g, int64 count, Fault* fault,
                                                         int64 code) {
                const int64 elements = g.input[0] * g.input[1] * g.input[2];
                APUS_LOOP(i, count) {
                    const Place p = place(i, g.input, g.inputMagic);
                    const Range depth = windows(g, 0, p.at[0]), height = windows(g, 1, p.at[1]),
                                width = windows(g, 2, p.at[2]);
                    const int64 self = (p.at[0] * (I)g.input[1] + p.at[1]) * (I)g.input[2] + p.at[2];
                    const I plane = plane_start(p.plane, g.output);
                    T sum = 0;
                    for (I d = depth.first; d < depth.end; d++)
                        for (I h = height.first; h < height.end; h++) {
                            const I row = plane + (d * (I)g.output[1] + h) * (I)g.output[2];
                            for (I w = width.first; w < width.end; w++) {
                                const int64 position = positions[row + w];
                                if (position == self) sum += dy[row + w];
                                if (position < -1 || position >= elements) apus_fault(fault, code, position, 0, 0);
                            }
                        }
                    dx[i] = sum;
                }
            }
            """)
}

extension MaxPool: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (input, output) = (step.inputs[0].spec, step.outputs[0].spec)
        let sizes = try PoolingSizes(
            geometry, input: input.shape, output: output.shape, of: "max_pool\(geometry.spatialRank)d")
        let kernel = sizes.kernel(.maxPool, "max_pool", input.dtype)
        return PreparedStep(kernel: "max pool") { operands, _ in
            try kernel.launch(
                on: device, count: sizes.outputCount, .address(operands[0]), .address(operands[1]),
                .address(operands[2]), sizes.argument, .int(sizes.outputCount))
        }
    }
}

extension MaxPoolGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (dy, operation, planes) = (step.inputs[0].spec, name, inputShape)
        let sizes = try PoolingSizes(geometry, input: inputShape, output: dy.shape, of: name)
        let kernel = sizes.kernel(.maxPool, "max_pool_gradient", dy.dtype)
        let code = device.faultCode { .positionOutOfRange(operation, Int64($0[0]), planes: planes) }
        return PreparedStep(kernel: "max pool gradient") { operands, _ in
            try kernel.launch(
                on: device, count: sizes.inputCount, .address(operands[0]), .address(operands[1]),
                .address(operands[2]), sizes.argument, .int(sizes.inputCount), .fault(code))
        }
    }
}
