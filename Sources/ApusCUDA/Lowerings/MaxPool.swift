import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements; `I`: that of indices; `R`: the number of spatial dimensions; `V`: how many neighbours
    /// of a row a thread of the gradient computes.
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

            struct alignas(V * sizeof(T)) Pack { T at[V]; };

            // Each input element takes the gradients of the windows that found it, in their order.
            extern "C" __global__ void max_pool_gradient(const T* __restrict__ dy, const int64* __restrict__ positions,
                                                         Pack* __restrict__ dx, Pooling g, int64 packs, Fault* fault,
                                                         int64 code) {
                const int64 elements = g.input[0] * g.input[1] * g.input[2];
                APUS_LOOP(i, packs) {
                    const Place p = place(i * V, g.input, g.inputMagic);
                    const Range depth = windows(g, 0, p.at[0]), height = windows(g, 1, p.at[1]);
                    Range width = windows(g, 2, p.at[2]);
                    if (V > 1) width.end = windows(g, 2, p.at[2] + V - 1).end;
                    const I self = (p.at[0] * (I)g.input[1] + p.at[1]) * (I)g.input[2] + p.at[2];
                    const I plane = plane_start(p.plane, g.output);
                    Pack sum;
                    for (int v = 0; v < V; v++) sum.at[v] = 0;
                    for (I d = depth.first; d < depth.end; d++)
                        for (I h = height.first; h < height.end; h++) {
                            const I row = plane + (d * (I)g.output[1] + h) * (I)g.output[2];
                            for (I w = width.first; w < width.end; w++) {
                                const int64 position = positions[row + w];
                                const T addend = dy[row + w];
                                if ((unsigned long long)(position + 1) > (unsigned long long)elements)
                                    apus_fault(fault, code, position, 0, 0);
                                const I distance = (I)position - self;
                                for (int v = 0; v < V; v++)
                                    if (distance == v) sum.at[v] += addend;
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
        let kernel = sizes.kernel(.maxPool, "max_pool", input.dtype, macros: ["V": "1"])
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
        let width = inputShape.dimensions.last.map { $0 % 4 == 0 ? 4 : 1 } ?? 1
        let kernel = sizes.kernel(.maxPool, "max_pool_gradient", dy.dtype, macros: ["V": "\(width)"])
        let packs = sizes.inputCount / width
        let code = device.faultCode { .positionOutOfRange(operation, Int64($0[0]), planes: planes) }
        return PreparedStep(kernel: "max pool gradient") { operands, _ in
            try kernel.launch(
                on: device, count: packs, .address(operands[0]), .address(operands[1]), .address(operands[2]),
                sizes.argument, .int(packs), .fault(code))
        }
    }
}
