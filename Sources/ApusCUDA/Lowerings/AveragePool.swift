import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements; `I`: that of indices; `R`: the number of spatial dimensions.
    fileprivate static let averagePool = KernelSource(
        name: "average_pool",
        code: PoolingSizes.code + """
            // How many elements of a window count along a dimension: those that lie in the input, or in the padding, too.
            __device__ inline I counted(const Pooling& g, int d, I output, bool countsPadding) {
                if (d < 3 - R) return 1;
                const Range range = taps(g, d, output);
                I first = range.first, end = range.end;
                if (countsPadding) {
                    first = output * (I)g.stride[d] - (I)g.padding[d];
                    end = first + ((I)g.kernel[d] - 1) * range.step + 1;
                    const I limit = (I)g.input[d] + (I)g.padding[d];
                    if (end > limit) end = limit;
                }
                if (end <= first) return 0;
                return range.step == 1 ? end - first : (end - first + range.step - 1) / range.step;
            }

            // A window without any element has the sum 0, and the mean 0.
            __device__ inline T divided(T sum, I depth, I height, I width, int64 divisor) {
                const int64 count = divisor != 0 ? divisor : (int64)depth * height * width;
                return sum / (T)(count == 0 ? 1 : count);
            }

            extern "C" __global__ void average_pool(const T* __restrict__ x, T* __restrict__ y, Pooling g,
                                                    int64 countsPadding, int64 divisor, int64 count) {
                APUS_LOOP(i, count) {
                    const Place o = place(i, g.output, g.outputMagic);
                    const T total = sum(x + plane_start(o.plane, g.input), g, taps(g, 0, o.at[0]),
                                        taps(g, 1, o.at[1]), taps(g, 2, o.at[2]));
                    y[i] = divided(total, counted(g, 0, o.at[0], countsPadding), counted(g, 1, o.at[1], countsPadding),
                                   counted(g, 2, o.at[2], countsPadding), divisor);
                }
            }

            // Whether a window holds an input element of the range that windows() found for it.
            __device__ inline bool holds(const Pooling& g, int d, I output, I input) {
                const I dilation = d < 3 - R ? 1 : (I)g.dilation[d];
                return dilation == 1 || (input + (I)g.padding[d] - output * (I)g.stride[d]) % dilation == 0;
            }

            extern "C" __global__ void average_pool_gradient(const T* __restrict__ dy, T* __restrict__ dx, Pooling g,
                                                             int64 countsPadding, int64 divisor, int64 count) {
                APUS_LOOP(i, count) {
                    const Place p = place(i, g.input, g.inputMagic);
                    const Range depth = windows(g, 0, p.at[0]), height = windows(g, 1, p.at[1]),
                                width = windows(g, 2, p.at[2]);
                    const I plane = plane_start(p.plane, g.output);
                    T total = 0;
                    for (I d = depth.first; d < depth.end; d++) {
                        if (!holds(g, 0, d, p.at[0])) continue;
                        const I deep = counted(g, 0, d, countsPadding);
                        for (I h = height.first; h < height.end; h++) {
                            if (!holds(g, 1, h, p.at[1])) continue;
                            const I high = counted(g, 1, h, countsPadding);
                            const I row = plane + (d * (I)g.output[1] + h) * (I)g.output[2];
                            for (I w = width.first; w < width.end; w++)
                                if (holds(g, 2, w, p.at[2]))
                                    total += divided(dy[row + w], deep, high, counted(g, 2, w, countsPadding), divisor);
                        }
                    }
                    dx[i] = total;
                }
            }
            """)
}

extension AveragePool: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (input, output) = (step.inputs[0].spec, step.outputs[0].spec)
        let sizes = try PoolingSizes(
            geometry, input: input.shape, output: output.shape, of: "avg_pool\(geometry.spatialRank)d")
        let kernel = sizes.kernel(.averagePool, "average_pool", input.dtype)
        let (countsPadding, divisor) = (countIncludePad ? 1 : 0, divisorOverride ?? 0)
        return PreparedStep(kernel: "average pool") { operands, _ in
            try kernel.launch(
                on: device, count: sizes.outputCount, .address(operands[0]), .address(operands[1]), sizes.argument,
                .int(countsPadding), .int(divisor), .int(sizes.outputCount))
        }
    }
}

extension AveragePoolGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let dy = step.inputs[0].spec
        let sizes = try PoolingSizes(pool.geometry, input: inputShape, output: dy.shape, of: name)
        let kernel = sizes.kernel(.averagePool, "average_pool_gradient", dy.dtype)
        let (countsPadding, divisor) = (pool.countIncludePad ? 1 : 0, pool.divisorOverride ?? 0)
        return PreparedStep(kernel: "average pool gradient") { operands, _ in
            try kernel.launch(
                on: device, count: sizes.inputCount, .address(operands[0]), .address(operands[1]), sizes.argument,
                .int(countsPadding), .int(divisor), .int(sizes.inputCount))
        }
    }
}

extension FusedAveragePoolGradient: CUDALowerable {
    /// The backend never asks for it (``CUDABackend/canFuse(_:)``).
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        throw TensorError(name, "a pooling's and an activation's gradient are two steps on a GPU, not one.")
    }
}
