import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements, float or double. `I`: an unsigned type that holds their number.
    fileprivate static let channelBias = KernelSource(
        name: "channel_bias",
        code: """
            // The activations are 0: none, 1: relu, 2: sigmoid, 3: tanh. NaN passes through each of them.
            __device__ inline T activate(T value, int64 activation) {
                if (activation == 1) return value < T(0) ? T(0) : value;
                if (activation == 2) return T(1) / (T(1) + exp(-value));
                if (activation == 3) return tanh(value);
                return value;
            }

            // y = activation((x + bias) + z), where the bias is that of the channel; it and z may be missing, and y may be
            // x or z.
            extern "C" __global__ void channel_bias(
                T* y, const T* x, const T* bias, int64 hasBias, const T* z, int64 hasAddend, int64 plane,
                int64 channels, int64 count, int64 activation) {
                APUS_LOOP(i, count) {
                    T value = x[i];
                    if (hasBias) value += bias[(I)i / (I)plane % (I)channels];
                    if (hasAddend) value += z[i];
                    y[i] = activate(value, activation);
                }
            }

            struct alignas(16) Four { T values[4]; };

            // The same for four neighbours at once, which lie in one plane, or in one row where planes are of size 1.
            extern "C" __global__ void channel_bias_by_four(
                Four* y, const Four* x, const T* bias, int64 hasBias, const Four* z, int64 hasAddend, int64 plane,
                int64 channels, int64 count, int64 activation) {
                const int step = plane == 1 ? 1 : 0;
                APUS_LOOP(i, count) {
                    Four four = x[i];
                    if (hasBias) {
                        const T* first = bias + (I)(4 * i) / (I)plane % (I)channels;
                        for (int k = 0; k < 4; k++) four.values[k] += first[k * step];
                    }
                    if (hasAddend) {
                        const Four addend = z[i];
                        for (int k = 0; k < 4; k++) four.values[k] += addend.values[k];
                    }
                    for (int k = 0; k < 4; k++) four.values[k] = activate(four.values[k], activation);
                    y[i] = four;
                }
            }

            // The sum over samples and plane of one channel, or of one of its slices: a block for each.
            extern "C" __global__ void channel_sum(
                const T* dy, T* sums, int64 plane, int64 channels, int64 samples, int64 slices) {
                const int64 channel = blockIdx.x / slices, slice = blockIdx.x - channel * slices;
                const int64 total = samples * plane;
                const int64 begin = total * slice / slices, end = total * (slice + 1) / slices;
                T sum = 0;
                #pragma unroll 4
                for (int64 i = begin + threadIdx.x; i < end; i += blockDim.x) {
                    const int64 sample = (I)i / (I)plane;
                    sum += dy[(sample * channels + channel) * plane + (i - sample * plane)];
                }
                sum = apus_block_sum(sum);
                if (threadIdx.x == 0) sums[blockIdx.x] = sum;
            }

            // Adds up each channel's slices.
            extern "C" __global__ void channel_slices(const T* slice_sums, T* sums, int64 slices, int64 count) {
                APUS_LOOP(channel, count) {
                    T sum = 0;
                    for (int64 slice = 0; slice < slices; slice++) sum += slice_sums[channel * slices + slice];
                    sums[channel] = sum;
                }
            }
            """)
}

/// Kernel arguments and macros that both directions share.
private func macros(count: Int) -> [String: String] {
    ["I": count < 1 << 32 ? "unsigned int" : "unsigned long long"]
}

extension Activation? {
    /// How kernels number the activations.
    var kernelCode: Int {
        switch self {
        case nil: 0
        case .relu: 1
        case .sigmoid: 2
        case .tanh: 3
        }
    }
}

/// Adds a bias to each channel of a result that a library has computed, and another tensor, and applies an activation, in
/// one pass.
struct ChannelBias: Sendable {
    /// nil where there is nothing to do.
    private let kernel: CUDAKernel?
    private let plane: Int
    private let channels: Int
    private let count: Int
    /// How many elements a thread takes at once.
    private let width: Int
    private let activation: Int

    /// - Parameters:
    ///   - shape: [N, C, …]; the bias is [C]. With `alongRows`, [.., C].
    init(
        _ shape: Shape, alongRows: Bool = false, hasBias: Bool, addsInput: Bool = false, activation: Activation?,
        dtype: DType
    ) {
        count = shape.elementCount
        channels = alongRows ? shape[-1] : shape[1]
        plane = alongRows ? 1 : shape.dimensions.dropFirst(2).reduce(1, *)
        width = plane % 4 == 0 || (plane == 1 && channels % 4 == 0) ? 4 : 1
        kernel =
            hasBias || addsInput || activation != nil
            ? CUDAKernel(
                .channelBias, width == 4 ? "channel_bias_by_four" : "channel_bias", types: ["T": dtype],
                macros: macros(count: count)) : nil
        self.activation = activation.kernelCode
    }

    /// - Parameters:
    ///   - x: where the result of the library lies; in `y`, unless told.
    ///   - addend: what is added to it; may be `y`.
    func run(
        _ y: UnsafeMutableRawPointer, from x: UnsafeMutableRawPointer? = nil, bias: UnsafeMutableRawPointer?,
        addend: UnsafeMutableRawPointer? = nil, on device: CUDADevice
    ) throws {
        try kernel?.launch(
            on: device, count: count / width, .address(y), .address(x ?? y), .address(bias ?? y),
            .int(bias == nil ? 0 : 1), .address(addend ?? y), .int(addend == nil ? 0 : 1), .int(plane), .int(channels),
            .int(count / width), .int(activation))
    }
}

/// The gradient of a bias: dy's sums over each channel.
///
/// A channel of many elements is summed up by several blocks, whose results a second kernel adds in a fixed order.
struct ChannelSum: Sendable {
    let scratchBytes: Int
    private let sum: CUDAKernel
    private let combine: CUDAKernel
    private let plane: Int
    private let channels: Int
    private let samples: Int
    private let slices: Int

    /// - Parameters:
    ///   - shape: dy's, [N, C, …].
    init(_ shape: Shape, dtype: DType) {
        let macros = macros(count: shape.elementCount)
        sum = CUDAKernel(.channelBias, "channel_sum", types: ["T": dtype], macros: macros)
        combine = CUDAKernel(.channelBias, "channel_slices", types: ["T": dtype], macros: macros)
        samples = shape[0]
        channels = shape[1]
        plane = shape.dimensions.dropFirst(2).reduce(1, *)
        slices = min(max(samples * plane / 4_096, 1), 64)
        scratchBytes = slices > 1 ? channels * slices * dtype.byteCount : 0
    }

    func run(
        _ dy: UnsafeMutableRawPointer, _ result: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer,
        on device: CUDADevice
    ) throws {
        try sum.launch(
            on: device, blocks: channels * slices, threads: 256, .address(dy),
            .address(slices > 1 ? scratch : result), .int(plane), .int(channels), .int(samples), .int(slices))
        guard slices > 1 else { return }
        try combine.launch(
            on: device, count: channels, .address(scratch), .address(result), .int(slices), .int(channels))
    }
}
