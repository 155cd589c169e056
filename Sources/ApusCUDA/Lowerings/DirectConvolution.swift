import ApusGraph
import CCUDA

extension KernelSource {
    /// `T`: the type of the elements, float or double.
    fileprivate static let convolution = KernelSource(
        name: "convolution",
        code: """
            // Three spatial dimensions, of which the first ones may be of size 1.
            #define INPUT(d) g.sizes[d]
            #define KERNEL(d) g.sizes[3 + (d)]
            #define OUTPUT(d) g.sizes[6 + (d)]
            #define SAMPLES g.sizes[9]
            #define INPUTS g.sizes[10]
            #define OUTPUTS g.sizes[11]
            #define GROUPS g.sizes[12]
            #define STRIDE(d) g.strides[d]
            #define PADDING(d) g.strides[3 + (d)]
            #define DILATION(d) g.strides[6 + (d)]
            #define VOLUME(a) (a(0) * a(1) * a(2))

            __device__ inline float multiply_add(float a, float b, float c) { return fmaf(a, b, c); }
            __device__ inline double multiply_add(double a, double b, double c) { return fma(a, b, c); }

            // Splits a position of an array of the sizes [.., a, b, c] into that of its plane, and the indices within.
            __device__ inline int64 split(int64 position, int64 a, int64 b, int64 c, int64* indices) {
                indices[2] = position % c;
                position /= c;
                indices[1] = position % b;
                position /= b;
                indices[0] = position % a;
                return position / a;
            }

            // The element of x that a tap of a window meets, -1 in the padding.
            __device__ inline int64 input_index(const Dimensions& g, int d, int64 window, int64 tap) {
                const int64 index = window * STRIDE(d) - PADDING(d) + tap * DILATION(d);
                return index >= 0 && index < INPUT(d) ? index : -1;
            }

            // The window whose tap meets an element of x, -1 where there is none.
            __device__ inline int64 window_index(const Dimensions& g, int d, int64 element, int64 tap) {
                const int64 start = element + PADDING(d) - tap * DILATION(d);
                if (start < 0 || start % STRIDE(d) != 0) return -1;
                const int64 window = start / STRIDE(d);
                return window < OUTPUT(d) ? window : -1;
            }

            // A thread for each element of y. Channels are summed apart, so that long sums lose little.
            extern "C" __global__ void convolution(
                const T* __restrict__ x, const T* __restrict__ weight, T* __restrict__ y, const Dimensions g,
                int64 count) {
                const int64 inputs = INPUTS / GROUPS;
                APUS_LOOP(i, count) {
                    int64 window[3];
                    const int64 place = split(i, OUTPUT(0), OUTPUT(1), OUTPUT(2), window);
                    const int64 output = place % OUTPUTS, sample = place / OUTPUTS;
                    const int64 first = sample * INPUTS + output / (OUTPUTS / GROUPS) * inputs;
                    T sum = 0;
                    for (int64 channel = 0; channel < inputs; channel++) {
                        const T* plane = x + (first + channel) * VOLUME(INPUT);
                        const T* taps = weight + (output * inputs + channel) * VOLUME(KERNEL);
                        T part = 0;
                        for (int64 a = 0; a < KERNEL(0); a++) {
                            const int64 i0 = input_index(g, 0, window[0], a);
                            if (i0 < 0) continue;
                            for (int64 b = 0; b < KERNEL(1); b++) {
                                const int64 i1 = input_index(g, 1, window[1], b);
                                if (i1 < 0) continue;
                                for (int64 c = 0; c < KERNEL(2); c++) {
                                    const int64 i2 = input_index(g, 2, window[2], c);
                                    if (i2 < 0) continue;
                                    part = multiply_add(
                                        taps[(a * KERNEL(1) + b) * KERNEL(2) + c],
                                        plane[(i0 * INPUT(1) + i1) * INPUT(2) + i2], part);
                                }
                            }
                        }
                        sum += part;
                    }
                    y[i] = sum;
                }
            }

            // A thread for each element of dx: the windows that it is part of.
            extern "C" __global__ void convolution_input_gradient(
                const T* __restrict__ dy, const T* __restrict__ weight, T* __restrict__ dx, const Dimensions g,
                int64 count) {
                const int64 inputs = INPUTS / GROUPS, outputs = OUTPUTS / GROUPS;
                APUS_LOOP(i, count) {
                    int64 element[3];
                    const int64 place = split(i, INPUT(0), INPUT(1), INPUT(2), element);
                    const int64 input = place % INPUTS, sample = place / INPUTS;
                    const int64 group = input / inputs, channel = input - group * inputs;
                    T sum = 0;
                    for (int64 output = group * outputs; output < (group + 1) * outputs; output++) {
                        const T* plane = dy + (sample * OUTPUTS + output) * VOLUME(OUTPUT);
                        const T* taps = weight + (output * inputs + channel) * VOLUME(KERNEL);
                        T part = 0;
                        for (int64 a = 0; a < KERNEL(0); a++) {
                            const int64 p0 = window_index(g, 0, element[0], a);
                            if (p0 < 0) continue;
                            for (int64 b = 0; b < KERNEL(1); b++) {
                                const int64 p1 = window_index(g, 1, element[1], b);
                                if (p1 < 0) continue;
                                for (int64 c = 0; c < KERNEL(2); c++) {
                                    const int64 p2 = window_index(g, 2, element[2], c);
                                    if (p2 < 0) continue;
                                    part = multiply_add(
                                        taps[(a * KERNEL(1) + b) * KERNEL(2) + c],
                                        plane[(p0 * OUTPUT(1) + p1) * OUTPUT(2) + p2], part);
                                }
                            }
                        }
                        sum += part;
                    }
                    dx[i] = sum;
                }
            }

            // A block for each element of the weight: the sum over all windows of all samples.
            extern "C" __global__ void convolution_weight_gradient(
                const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ dweight, const Dimensions g,
                int64 count) {
                const int64 inputs = INPUTS / GROUPS, outputs = OUTPUTS / GROUPS;
                const int64 windows = SAMPLES * VOLUME(OUTPUT);
                for (int64 i = blockIdx.x; i < count; i += gridDim.x) {
                    int64 tap[3];
                    const int64 place = split(i, KERNEL(0), KERNEL(1), KERNEL(2), tap);
                    const int64 channel = place % inputs, output = place / inputs;
                    const int64 input = output / outputs * inputs + channel;
                    T sum = 0;
                    for (int64 w = threadIdx.x; w < windows; w += blockDim.x) {
                        int64 window[3];
                        const int64 sample = split(w, OUTPUT(0), OUTPUT(1), OUTPUT(2), window);
                        const int64 i0 = input_index(g, 0, window[0], tap[0]);
                        const int64 i1 = input_index(g, 1, window[1], tap[1]);
                        const int64 i2 = input_index(g, 2, window[2], tap[2]);
                        if (i0 < 0 || i1 < 0 || i2 < 0) continue;
                        const T* plane = x + (sample * INPUTS + input) * VOLUME(INPUT);
                        const T factor = dy[
                            (sample * OUTPUTS + output) * VOLUME(OUTPUT)
                            + (window[0] * OUTPUT(1) + window[1]) * OUTPUT(2) + window[2]];
                        sum = multiply_add(plane[(i0 * INPUT(1) + i1) * INPUT(2) + i2], factor, sum);
                    }
                    sum = apus_block_sum(sum);
                    if (threadIdx.x == 0) dweight[i] = sum;
                }
            }
            """)
}

/// A convolution in one direction as plain sums, for all that cuDNN does not compute: paddings that differ, outputs that
/// no symmetric padding gives, empty tensors, sizes beyond 32 bits.
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
        kernel = CUDAKernel(.convolution, name, types: ["T": shapes.dtype])
        let geometry = shapes.geometry
        guard geometry.spatialRank <= 3 else {
            throw TensorError(
                "conv\(geometry.spatialRank)d", "CUDA convolutions have up to 3 spatial dimensions.")
        }
        func three(_ values: [Int], filler: Int) -> [Int] {
            [Int](repeating: filler, count: 3 - values.count) + values
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
