import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements; `I`: that of indices; `R`: the number of spatial dimensions.
    fileprivate static let adaptivePool = KernelSource(
        name: "adaptive_pool",
        code: PoolingSizes.code + """
            extern "C" __global__ void adaptive_average(const T* __restrict__ x, T* __restrict__ y, Pooling g,
                                                        int64 count) {
                APUS_LOOP(i, count) {
                    const Place o = place(i, g.output, g.outputMagic);
                    const Range depth = adaptive_taps(g, 0, o.at[0]), height = adaptive_taps(g, 1, o.at[1]),
                                width = adaptive_taps(g, 2, o.at[2]);
                    const I size = (depth.end - depth.first) * (height.end - height.first) * (width.end - width.first);
                    y[i] = sum(x + plane_start(o.plane, g.input), g, depth, height, width) / (T)size;
                }
            }

            extern "C" __global__ void adaptive_average_gradient(const T* __restrict__ dy, T* __restrict__ dx, Pooling g,
                                                                 int64 count) {
                APUS_LOOP(i, count) {
                    const Place p = place(i, g.input, g.inputMagic);
                    const Range depth = adaptive_windows(g, 0, p.at[0]), height = adaptive_windows(g, 1, p.at[1]),
                                width = adaptive_windows(g, 2, p.at[2]);
                    const I plane = plane_start(p.plane, g.output);
                    T total = 0;
                    for (I d = depth.first; d < depth.end; d++) {
                        const Range deep = adaptive_taps(g, 0, d);
                        for (I h = height.first; h < height.end; h++) {
                            const Range high = adaptive_taps(g, 1, h);
                            const I area = (deep.end - deep.first) * (high.end - high.first);
                            const I row = plane + (d * (I)g.output[1] + h) * (I)g.output[2];
                            for (I w = width.first; w < width.end; w++) {
                                const Range wide = adaptive_taps(g, 2, w);
                                total += dy[row + w] / (T)(area * (wide.end - wide.first));
                            }
                        }
                    }
                    dx[i] = total;
                }
            }

            extern "C" __global__ void adaptive_max(const T* __restrict__ x, T* __restrict__ y,
                                                    int64* __restrict__ positions, Pooling g, int64 count) {
                APUS_LOOP(i, count) {
                    const Place o = place(i, g.output, g.outputMagic);
                    const Largest found =
                        largest(x + plane_start(o.plane, g.input), g, adaptive_taps(g, 0, o.at[0]),
                                adaptive_taps(g, 1, o.at[1]), adaptive_taps(g, 2, o.at[2]));
                    y[i] = found.value;
                    positions[i] = found.position;
                }
            }
            """)
}

extension AdaptiveAveragePool: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (input, output) = (step.inputs[0].spec, step.outputs[0].spec)
        let sizes = try PoolingSizes(nil, input: input.shape, output: output.shape, of: name)
        let kernel = sizes.kernel(.adaptivePool, "adaptive_average", input.dtype)
        return PreparedStep(kernel: "adaptive average pool") { operands, _ in
            try kernel.launch(
                on: device, count: sizes.outputCount, .address(operands[0]), .address(operands[1]), sizes.argument,
                .int(sizes.outputCount))
        }
    }
}

extension AdaptiveAveragePoolGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let dy = step.inputs[0].spec
        let sizes = try PoolingSizes(nil, input: inputShape, output: dy.shape, of: name)
        let kernel = sizes.kernel(.adaptivePool, "adaptive_average_gradient", dy.dtype)
        return PreparedStep(kernel: "adaptive average pool gradient") { operands, _ in
            try kernel.launch(
                on: device, count: sizes.inputCount, .address(operands[0]), .address(operands[1]), sizes.argument,
                .int(sizes.inputCount))
        }
    }
}

extension AdaptiveMaxPool: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (input, output) = (step.inputs[0].spec, step.outputs[0].spec)
        let sizes = try PoolingSizes(nil, input: input.shape, output: output.shape, of: name)
        let kernel = sizes.kernel(.adaptivePool, "adaptive_max", input.dtype)
        return PreparedStep(kernel: "adaptive max pool") { operands, _ in
            try kernel.launch(
                on: device, count: sizes.outputCount, .address(operands[0]), .address(operands[1]),
                .address(operands[2]), sizes.argument, .int(sizes.outputCount))
        }
    }
}
