import ApusGraph
import CCUDA

extension KernelSource {
    /// `T`: the type of numbers, float or double; `E`: as what they are kept, itself or a type of 16 bits. `I`: a signed integer
    /// that holds their number. `CHANNELS_LAST`: 1 where the elements of tensors and filter lie so.
    fileprivate static let convolution = KernelSource(
        name: "convolution",
        code: KernelHalf.code + """
            // Three spatial dimensions, of which the first ones may be of size 1.
            #define INPUT(d) ((I)g.sizes[d])
            #define KERNEL(d) ((I)g.sizes[3 + (d)])
            #define OUTPUT(d) ((I)g.sizes[6 + (d)])
            #define SAMPLES ((I)g.sizes[9])
            #define INPUTS ((I)g.sizes[10])
            #define OUTPUTS ((I)g.sizes[11])
            #define GROUPS ((I)g.sizes[12])
            #define STRIDE(d) ((I)g.strides[d])
            #define PADDING(d) ((I)g.strides[3 + (d)])
            #define DILATION(d) ((I)g.strides[6 + (d)])
            #define VOLUME(a) (a(0) * a(1) * a(2))

            // Where an element lies: by sample, channel and position in the plane, and the numbers of the latter two.
            __device__ inline I place(I sample, I channel, I channels, I position, I positions) {
                return CHANNELS_LAST ? (sample * positions + position) * channels + channel
                                     : (sample * channels + channel) * positions + position;
            }

            __device__ inline float multiply_add(float a, float b, float c) { return fmaf(a, b, c); }
            __device__ inline double multiply_add(double a, double b, double c) { return fma(a, b, c); }

            // Splits a position of an array of the sizes [.., a, b, c] into that of its plane, and the indices within.
            __device__ inline I split(I position, I a, I b, I c, I* indices) {
                indices[2] = position % c;
                position /= c;
                indices[1] = position % b;
                position /= b;
                indices[0] = position % a;
                return position / a;
            }

            // The element of x that a tap of a window meets, -1 in the padding.
            __device__ inline I input_index(const Dimensions& g, int d, I window, I tap) {
                const I index = window * STRIDE(d) - PADDING(d) + tap * DILATION(d);
                return index >= 0 && index < INPUT(d) ? index : -1;
            }

            // The window whose tap meets an element of x, -1 where there is none.
            __device__ inline I window_index(const Dimensions& g, int d, I element, I tap) {
                const I start = element + PADDING(d) - tap * DILATION(d);
                if (start < 0 || start % STRIDE(d) != 0) return -1;
                const I window = start / STRIDE(d);
                return window < OUTPUT(d) ? window : -1;
            }

            // A thread for each element of y. Channels are summed apart, so that long sums lose little.
            extern "C" __global__ void convolution(
                const E* __restrict__ x, const E* __restrict__ weight, E* __restrict__ y, const Dimensions g,
                int64 count) {
                const I inputs = INPUTS / GROUPS;
                APUS_LOOP(i, count) {
                    I window[3];
                    const I plane = split((I)i, OUTPUT(0), OUTPUT(1), OUTPUT(2), window);
                    const I output = plane % OUTPUTS, sample = plane / OUTPUTS;
                    const I first = output / (OUTPUTS / GROUPS) * inputs;
                    T sum = 0;
                    for (I channel = 0; channel < inputs; channel++) {
                        T part = 0;
                        for (I a = 0; a < KERNEL(0); a++) {
                            const I i0 = input_index(g, 0, window[0], a);
                            if (i0 < 0) continue;
                            for (I b = 0; b < KERNEL(1); b++) {
                                const I i1 = input_index(g, 1, window[1], b);
                                if (i1 < 0) continue;
                                for (I c = 0; c < KERNEL(2); c++) {
                                    const I i2 = input_index(g, 2, window[2], c);
                                    if (i2 < 0) continue;
                                    const I tap = (a * KERNEL(1) + b) * KERNEL(2) + c;
                                    const I position = (i0 * INPUT(1) + i1) * INPUT(2) + i2;
                                    part = multiply_add(
                                        apus_number(weight[place(output, channel, inputs, tap, VOLUME(KERNEL))]),
                                        apus_number(x[place(sample, first + channel, INPUTS, position, VOLUME(INPUT))]),
                                        part);
                                }
                            }
                        }
                        sum += part;
                    }
                    const I position = (window[0] * OUTPUT(1) + window[1]) * OUTPUT(2) + window[2];
                    apus_set(y[place(sample, output, OUTPUTS, position, VOLUME(OUTPUT))], sum);
                }
            }

            // A thread for each element of dx: the windows that it is part of.
            extern "C" __global__ void convolution_input_gradient(
                const E* __restrict__ dy, const E* __restrict__ weight, E* __restrict__ dx, const Dimensions g,
                int64 count) {
                const I inputs = INPUTS / GROUPS, outputs = OUTPUTS / GROUPS;
                APUS_LOOP(i, count) {
                    I element[3];
                    const I plane = split((I)i, INPUT(0), INPUT(1), INPUT(2), element);
                    const I input = plane % INPUTS, sample = plane / INPUTS;
                    const I group = input / inputs, channel = input - group * inputs;
                    T sum = 0;
                    for (I output = group * outputs; output < (group + 1) * outputs; output++) {
                        T part = 0;
                        for (I a = 0; a < KERNEL(0); a++) {
                            const I p0 = window_index(g, 0, element[0], a);
                            if (p0 < 0) continue;
                            for (I b = 0; b < KERNEL(1); b++) {
                                const I p1 = window_index(g, 1, element[1], b);
                                if (p1 < 0) continue;
                                for (I c = 0; c < KERNEL(2); c++) {
                                    const I p2 = window_index(g, 2, element[2], c);
                                    if (p2 < 0) continue;
                                    const I tap = (a * KERNEL(1) + b) * KERNEL(2) + c;
                                    const I position = (p0 * OUTPUT(1) + p1) * OUTPUT(2) + p2;
                                    part = multiply_add(
                                        apus_number(weight[place(output, channel, inputs, tap, VOLUME(KERNEL))]),
                                        apus_number(dy[place(sample, output, OUTPUTS, position, VOLUME(OUTPUT))]), part);
                                }
                            }
                        }
                        sum += part;
                    }
                    const I position = (element[0] * INPUT(1) + element[1]) * INPUT(2) + element[2];
                    apus_set(dx[place(sample, input, INPUTS, position, VOLUME(INPUT))], sum);
                }
            }

            // A block for each element of the weight: the sum over all windows of all samples.
            extern "C" __global__ void convolution_weight_gradient(
                const E* __restrict__ x, const E* __restrict__ dy, E* __restrict__ dweight, const Dimensions g,
                int64 count) {
                const I inputs = INPUTS / GROUPS, outputs = OUTPUTS / GROUPS;
                const I windows = SAMPLES * VOLUME(OUTPUT);
                for (int64 i = blockIdx.x; i < count; i += gridDim.x) {
                    I tap[3];
                    const I plane = split((I)i, KERNEL(0), KERNEL(1), KERNEL(2), tap);
                    const I channel = plane % inputs, output = plane / inputs;
                    const I input = output / outputs * inputs + channel;
                    T sum = 0;
                    for (I w = threadIdx.x; w < windows; w += blockDim.x) {
                        I window[3];
                        const I sample = split(w, OUTPUT(0), OUTPUT(1), OUTPUT(2), window);
                        const I i0 = input_index(g, 0, window[0], tap[0]);
                        const I i1 = input_index(g, 1, window[1], tap[1]);
                        const I i2 = input_index(g, 2, window[2], tap[2]);
                        if (i0 < 0 || i1 < 0 || i2 < 0) continue;
                        const I from = (i0 * INPUT(1) + i1) * INPUT(2) + i2;
                        const I to = (window[0] * OUTPUT(1) + window[1]) * OUTPUT(2) + window[2];
                        sum = multiply_add(
                            apus_number(x[place(sample, input, INPUTS, from, VOLUME(INPUT))]),
                            apus_number(dy[place(sample, output, OUTPUTS, to, VOLUME(OUTPUT))]), sum);
                    }
                    sum = apus_block_sum(sum);
                    const I position = (tap[0] * KERNEL(1) + tap[1]) * KERNEL(2) + tap[2];
                    if (threadIdx.x == 0)
                        apus_set(dweight[place(output, channel, inputs, position, VOLUME(KERNEL))], sum);
                }
            }

            // Moves each plane: an element of the target is that of the source with another index along each dimension, 0
            // where there is none.
            extern "C" __global__ void convolution_shift(
                const T* __restrict__ source, T* __restrict__ target, const Dimensions g, int64 count) {
                APUS_LOOP(i, count) {
                    I index[3];
                    const I plane = split((I)i, (I)g.sizes[0], (I)g.sizes[1], (I)g.sizes[2], index);
                    bool inside = true;
                    I offset = plane;
                    for (int d = 0; d < 3; d++) {
                        const I moved = index[d] + (I)g.strides[d], size = (I)g.sizes[3 + d];
                        inside = inside && moved >= 0 && moved < size;
                        offset = offset * size + moved;
                    }
                    target[i] = inside ? source[offset] : (T)0;
                }
            }
            """)
}

extension ConvolutionShapes {
    fileprivate var kernelMacros: [String: String] {
        [
            "I": [x, weight, y].allSatisfy { $0.elementCount < 1 << 31 } ? "int" : "long long",
            "E": half?.kernelName ?? dtype.cudaName, "CHANNELS_LAST": half == nil ? "0" : "1",
        ]
    }
}

/// The values of up to three spatial dimensions as those of three.
private func three(_ values: [Int], filler: Int) -> [Int] {
    [Int](repeating: filler, count: 3 - values.count) + values
}

/// A convolution in one direction as plain sums, for what cuDNN does not compute or not well: empty tensors, sizes beyond
/// 32 bits, and groups of one channel, where there is nothing for a matrix product.
struct DirectConvolution: Sendable {
    private let kernel: CUDAKernel
    private let direction: ConvolutionDirection
    private let dimensions: ApusDimensions
    private let count: Int

    init(_ direction: ConvolutionDirection, _ shapes: ConvolutionShapes) throws {
        self.direction = direction
        let name =
            switch direction {
            case .forward: "convolution"
            case .inputGradient: "convolution_input_gradient"
            case .weightGradient: "convolution_weight_gradient"
            }
        kernel = CUDAKernel(.convolution, name, types: ["T": shapes.dtype], macros: shapes.kernelMacros)
        let geometry = shapes.geometry
        guard geometry.spatialRank <= 3 else {
            throw TensorError(
                "conv\(geometry.spatialRank)d", "CUDA convolutions have up to 3 spatial dimensions.")
        }
        let spatial = [shapes.x, shapes.weight, shapes.y].map { three(Array($0.dimensions.dropFirst(2)), filler: 1) }
        dimensions = try ApusDimensions(
            spatial.flatMap { $0 } + [shapes.x[0], shapes.x[1], shapes.weight[0], geometry.groups],
            strides: three(geometry.stride, filler: 1) + three(geometry.paddingBefore, filler: 0)
                + three(geometry.dilation, filler: 1),
            of: "conv\(geometry.spatialRank)d")
        count =
            switch direction {
            case .forward: shapes.y.elementCount
            case .inputGradient: shapes.x.elementCount
            case .weightGradient: shapes.weight.elementCount
            }
    }

    /// Puts the convolution into the queue; the operands are as of ``CUDNNConvolution/run(_:_:_:workspace:)``.
    func run(
        _ first: UnsafeMutableRawPointer, _ second: UnsafeMutableRawPointer, _ result: UnsafeMutableRawPointer,
        on device: CUDADevice
    ) throws {
        if case .weightGradient = direction {
            try kernel.launch(
                on: device, blocks: min(count, 65_536), threads: 256, .address(first), .address(second),
                .address(result), .dimensions(dimensions), .int(count))
        } else {
            try kernel.launch(
                on: device, count: count, .address(first), .address(second), .address(result),
                .dimensions(dimensions), .int(count))
        }
    }
}

/// An input with its padding as a tensor of its own, for convolutions whose paddings differ before and after.
struct PaddedInput: Sendable {
    /// The convolution of the padded input, which has no padding.
    let shapes: ConvolutionShapes
    private let kernel: CUDAKernel
    private let plain: Shape
    private let padding: [Int]

    init(_ shapes: ConvolutionShapes) {
        let geometry = shapes.geometry
        plain = shapes.x
        padding = three(geometry.paddingBefore, filler: 0)
        // As far as windows reach.
        let sizes = (0..<geometry.spatialRank).map { dimension -> Int in
            let lastWindow = (shapes.y[dimension + 2] - 1) * geometry.stride[dimension]
            return lastWindow + geometry.dilation[dimension] * (shapes.weight[dimension + 2] - 1) + 1
        }
        let none = [Int](repeating: 0, count: geometry.spatialRank)
        self.shapes = ConvolutionShapes(
            geometry: ConvolutionGeometry(
                stride: geometry.stride, paddingBefore: none, paddingAfter: none, dilation: geometry.dilation,
                groups: geometry.groups),
            x: Shape(shapes.x.dimensions.prefix(2) + sizes), weight: shapes.weight, y: shapes.y, dtype: shapes.dtype,
            factors: shapes.factors)
        kernel = CUDAKernel(
            .convolution, "convolution_shift", types: ["T": shapes.dtype], macros: self.shapes.kernelMacros)
    }

    var byteCount: Int { shapes.x.elementCount * shapes.dtype.byteCount }

    /// Copies an input into the padded one.
    func pad(_ x: UnsafeMutableRawPointer, to padded: UnsafeMutableRawPointer, on device: CUDADevice) throws {
        try shift(x, plain, to: padded, shapes.x, by: padding.map { -$0 }, on: device)
    }

    /// Copies what lies at the input's places; elements that no window reaches are 0.
    func crop(_ padded: UnsafeMutableRawPointer, to x: UnsafeMutableRawPointer, on device: CUDADevice) throws {
        try shift(padded, shapes.x, to: x, plain, by: padding, on: device)
    }

    private func shift(
        _ source: UnsafeMutableRawPointer, _ from: Shape, to target: UnsafeMutableRawPointer, _ to: Shape,
        by offsets: [Int], on device: CUDADevice
    ) throws {
        let sizes = [to, from].flatMap { three(Array($0.dimensions.dropFirst(2)), filler: 1) }
        let dimensions = try ApusDimensions(sizes, strides: offsets, of: "conv\(shapes.geometry.spatialRank)d")
        try kernel.launch(
            on: device, count: to.elementCount, .address(source), .address(target), .dimensions(dimensions),
            .int(to.elementCount))
    }
}
