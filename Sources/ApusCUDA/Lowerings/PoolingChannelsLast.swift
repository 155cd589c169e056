import ApusGraph
import ApusPlan

extension KernelSource {
    /// `V`: how many neighbouring channels a thread computes, a power of 2 that divides C. As what tensors are kept,
    /// `float`, `BFloat16` or `Float16`: `X`: what is read; `Y`: the result. `T` is `float`, `R` is 2; `I`: the type of indices.
    fileprivate static let poolingChannelsLast = KernelSource(
        name: "pooling_channels_last",
        code: PoolingSizes.code + KernelHalf.code + """
            template <typename E> struct alignas(V * sizeof(E) < 16 ? V * sizeof(E) : 16) Pack { E at[V]; };

            template <typename E> __device__ inline Pack<E> pack_at(const E* from, I pack) {
                return ((const Pack<E>*)from)[pack];
            }

            template <typename E> __device__ inline void store(const float (&values)[V], E* to, I pack) {
                Pack<E> written;
                #pragma unroll
                for (int v = 0; v < V; v++) apus_set(written.at[v], values[v]);
                ((Pack<E>*)to)[pack] = written;
            }

            // A pixel of [N, H, W], by the number of a pack of channels.
            struct Pixel { Place place; I channel; };

            __device__ inline Pixel pixel(int64 i, int64 packs, int64 packsMagic, const int64* sizes,
                                          const int64* magics) {
                const I number = apus_divide((I)i, packs, packsMagic);
                return {place(number, sizes, magics), (I)i - number * (I)packs};
            }

            // The number of a pack.
            __device__ inline I pack_number(const int64* sizes, I sample, I h, I w, int64 packs, I channel) {
                return ((sample * (I)sizes[1] + h) * (I)sizes[2] + w) * (I)packs + channel;
            }

            // The first of equal elements, but the last NaN.
            extern "C" __global__ void max_pool(const X* __restrict__ x, Y* __restrict__ y, int64* __restrict__ positions,
                                                Pooling g, int64 packs, int64 packsMagic, int64 count) {
                APUS_LOOP(i, count) {
                    const Pixel o = pixel(i, packs, packsMagic, g.output, g.outputMagic);
                    const Range height = taps(g, 1, o.place.at[1]), width = taps(g, 2, o.place.at[2]);
                    Largest found[V];
                    #pragma unroll
                    for (int v = 0; v < V; v++) found[v] = {-__int_as_float(0x7f800000), -1};
                    for (I h = height.first; h < height.end; h += height.step)
                        for (I w = width.first; w < width.end; w += width.step) {
                            const Pack<X> read = pack_at(x, pack_number(g.input, o.place.plane, h, w, packs, o.channel));
                            #pragma unroll
                            for (int v = 0; v < V; v++)
                                found[v].keep(apus_number(read.at[v]), h * (I)g.input[2] + w);
                        }
                    float values[V];
                    Pack<int64> places;
                    #pragma unroll
                    for (int v = 0; v < V; v++) {
                        values[v] = found[v].value;
                        places.at[v] = found[v].position;
                    }
                    store(values, y, (I)i);
                    ((Pack<int64>*)positions)[i] = places;
                }
            }

            // Each input element takes the gradients of the windows that found it, in their order.
            extern "C" __global__ void max_pool_gradient(const X* __restrict__ dy, const int64* __restrict__ positions,
                                                         Y* __restrict__ dx, Pooling g, int64 packs, int64 packsMagic,
                                                         int64 count, Fault* fault, int64 code) {
                const int64 elements = g.input[1] * g.input[2];
                APUS_LOOP(i, count) {
                    const Pixel p = pixel(i, packs, packsMagic, g.input, g.inputMagic);
                    const Range height = windows(g, 1, p.place.at[1]), width = windows(g, 2, p.place.at[2]);
                    const int64 self = p.place.at[1] * (I)g.input[2] + p.place.at[2];
                    float sum[V];
                    #pragma unroll
                    for (int v = 0; v < V; v++) sum[v] = 0.0f;
                    for (I h = height.first; h < height.end; h++)
                        for (I w = width.first; w < width.end; w++) {
                            const I number = pack_number(g.output, p.place.plane, h, w, packs, p.channel);
                            const Pack<int64> found = pack_at(positions, number);
                            const Pack<X> read = pack_at(dy, number);
                            #pragma unroll
                            for (int v = 0; v < V; v++) {
                                const int64 position = found.at[v];
                                if (position == self) sum[v] += apus_number(read.at[v]);
                                if (position < -1 || position >= elements) apus_fault(fault, code, position, 0, 0);
                            }
                        }
                    store(sum, dx, (I)i);
                }
            }

            extern "C" __global__ void adaptive_average(const X* __restrict__ x, Y* __restrict__ y, Pooling g,
                                                        int64 packs, int64 packsMagic, int64 count) {
                APUS_LOOP(i, count) {
                    const Pixel o = pixel(i, packs, packsMagic, g.output, g.outputMagic);
                    const Range height = adaptive_taps(g, 1, o.place.at[1]), width = adaptive_taps(g, 2, o.place.at[2]);
                    float sum[V];
                    #pragma unroll
                    for (int v = 0; v < V; v++) sum[v] = 0.0f;
                    // Row by row, so that large windows lose little.
                    for (I h = height.first; h < height.end; h++) {
                        float part[V];
                        #pragma unroll
                        for (int v = 0; v < V; v++) part[v] = 0.0f;
                        for (I w = width.first; w < width.end; w++) {
                            const Pack<X> read = pack_at(x, pack_number(g.input, o.place.plane, h, w, packs, o.channel));
                            #pragma unroll
                            for (int v = 0; v < V; v++) part[v] += apus_number(read.at[v]);
                        }
                        #pragma unroll
                        for (int v = 0; v < V; v++) sum[v] += part[v];
                    }
                    const float size = (float)((height.end - height.first) * (width.end - width.first));
                    #pragma unroll
                    for (int v = 0; v < V; v++) sum[v] /= size;
                    store(sum, y, (I)i);
                }
            }
            """)
}

/// Poolings of [N, C, H, W] whose elements lie as [N, H, W, C], as `float32` or as numbers of 16 bits.
struct ChannelsLastPooling: Sendable {
    /// Whether a tensor is one that is pooled so.
    static func suits(_ value: PlannedValue) -> Bool {
        value.layout.cuda.isChannelsLast && value.spec.shape.rank == 4 && value.spec.shape.elementCount > 0
    }

    private let kernel: CUDAKernel
    private let sizes: PoolingSizes
    private let packs: Int
    private let count: Int

    /// - Parameters:
    ///   - name: the kernel.
    ///   - count: the number of elements that are computed.
    init(
        _ name: String, _ sizes: PoolingSizes, channels: Int, count: Int, from source: CUDALayout, to target: CUDALayout
    ) {
        self.sizes = sizes
        let width = [8, 4, 2, 1].first { channels % $0 == 0 } ?? 1
        (packs, self.count) = (channels / width, count / width)
        kernel = sizes.kernel(
            .poolingChannelsLast, name, .float32,
            macros: ["V": "\(width)", "X": source.elementName, "Y": target.elementName])
    }

    /// Puts the pooling into the queue.
    func run(
        _ operands: ArraySlice<UnsafeMutableRawPointer>, fault: FaultCode? = nil, on device: CUDADevice
    ) throws {
        let blocks = min((count + 255) / 256, 65_536)
        try kernel.launch(
            on: device, grid: (blocks, 1, 1), block: (256, 1, 1), sharedBytes: 0,
            operands.map { .address($0) }
                + [sizes.argument, .int(packs), .int(KernelDivision.magic(packs)), .int(count)]
                + (fault.map { [.fault($0)] } ?? []))
    }
}

extension MaxPool {
    /// The values lie as x does, the positions in the same order; nil where x is plain.
    func channelsLastLayouts(_ step: StepDescription) -> StepLayouts? {
        guard ChannelsLastPooling.suits(step.inputs[0]), step.inputs[0].spec.dtype == .float32,
            step.outputs[0].spec.shape.elementCount > 0
        else { return nil }
        return StepLayouts(
            inputs: [step.inputs[0].layout],
            outputs: [
                step.inputs[0].layout.cuda.physical(step.outputs[0].spec.shape),
                CUDALayout.channelsLast.physical(step.outputs[1].spec.shape),
            ])
    }

    func lowerChannelsLast(_ sizes: PoolingSizes, _ step: StepDescription, on device: CUDADevice) -> PreparedStep {
        let pooling = ChannelsLastPooling(
            "max_pool", sizes, channels: step.inputs[0].spec.shape[1], count: sizes.outputCount,
            from: step.inputs[0].layout.cuda, to: step.outputs[0].layout.cuda)
        return PreparedStep(kernel: "max pool, channels last") { operands, _ in
            try pooling.run(Array(operands)[0..<3], on: device)
        }
    }
}

extension MaxPoolGradient {
    /// The result lies as dy does; nil where the positions are plain.
    func channelsLastLayouts(_ step: StepDescription) -> StepLayouts? {
        guard ChannelsLastPooling.suits(step.inputs[1]), step.inputs[0].spec.dtype == .float32 else { return nil }
        let dy = step.inputs[0].layout.cuda
        let layout = dy.isChannelsLast ? dy : .channelsLast
        return StepLayouts(
            inputs: [layout.physical(step.inputs[0].spec.shape), step.inputs[1].layout],
            outputs: [layout.physical(step.outputs[0].spec.shape)])
    }

    func lowerChannelsLast(
        _ sizes: PoolingSizes, _ step: StepDescription, _ code: FaultCode, on device: CUDADevice
    ) -> PreparedStep {
        let pooling = ChannelsLastPooling(
            "max_pool_gradient", sizes, channels: inputShape[1], count: sizes.inputCount,
            from: step.inputs[0].layout.cuda, to: step.outputs[0].layout.cuda)
        return PreparedStep(kernel: "max pool gradient, channels last") { operands, _ in
            try pooling.run(Array(operands)[0..<3], fault: code, on: device)
        }
    }
}

extension AdaptiveAveragePool {
    /// The result lies as x does; one pixel for each plane is plain in any case. nil where x is plain.
    func channelsLastLayouts(_ step: StepDescription) -> StepLayouts? {
        let result = step.outputs[0].spec.shape
        guard ChannelsLastPooling.suits(step.inputs[0]), step.inputs[0].spec.dtype == .float32,
            result.elementCount > 0
        else { return nil }
        let isPixel = result[2] * result[3] == 1
        let layout = isPixel ? CUDALayout() : step.inputs[0].layout.cuda
        return StepLayouts(inputs: [step.inputs[0].layout], outputs: [layout.physical(result)])
    }

    func lowerChannelsLast(_ sizes: PoolingSizes, _ step: StepDescription, on device: CUDADevice) -> PreparedStep {
        let pooling = ChannelsLastPooling(
            "adaptive_average", sizes, channels: step.inputs[0].spec.shape[1], count: sizes.outputCount,
            from: step.inputs[0].layout.cuda, to: step.outputs[0].layout.cuda)
        return PreparedStep(kernel: "adaptive average pool, channels last") { operands, _ in
            try pooling.run(Array(operands)[0..<2], on: device)
        }
    }
}
