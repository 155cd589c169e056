import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements; `I`: that of indices.
    fileprivate static let localResponse = KernelSource(
        name: "local_response",
        code: KernelDivision.code + """
            __device__ inline float power(float x, float y) { return powf(x, y); }
            __device__ inline double power(double x, double y) { return pow(x, y); }

            // The channels of one position of [N, C, …], and one of them.
            struct Column {
                I first, step, channel, channels;

                __device__ Column(int64 position, int64 plane, int64 planeMagic, int64 count, int64 countMagic) {
                    const I row = apus_divide((I)position, plane, planeMagic);
                    channel = row - apus_divide(row, count, countMagic) * (I)count;
                    channels = (I)count;
                    step = (I)plane;
                    first = (I)position - channel * step;
                }

                __device__ I least(I reach) const { return channel < reach ? 0 : channel - reach; }
                __device__ I last(I reach) const {
                    return channels - 1 - channel < reach ? channels - 1 : channel + reach;
                }
            };

            // Of the channels c - size / 2 … c + (size - 1) / 2.
            __device__ inline T divisor(const T* __restrict__ x, const Column& column, I size, T share, T k) {
                T sum = 0;
                const I last = column.last((size - 1) / 2);
                for (I c = column.least(size / 2); c <= last; c++) {
                    const T value = x[column.first + c * column.step];
                    sum = fma(value, value, sum);
                }
                return k + share * sum;
            }

            #define COLUMN_PARAMETERS int64 plane, int64 planeMagic, int64 channels, int64 channelMagic, int64 size
            #define COLUMN(i) const Column column((i), plane, planeMagic, channels, channelMagic)

            extern "C" __global__ void local_response(const T* __restrict__ x, T* __restrict__ y, double share, double beta,
                                                      double k, int64 count, COLUMN_PARAMETERS) {
                APUS_LOOP(i, count) {
                    COLUMN(i);
                    y[i] = x[i] / power(divisor(x, column, (I)size, (T)share, (T)k), (T)beta);
                }
            }

            // dy · x · d^(-β-1) of each element.
            extern "C" __global__ void local_response_terms(const T* __restrict__ dy, const T* __restrict__ x,
                                                            T* __restrict__ terms, double share, double beta, double k,
                                                            int64 count, COLUMN_PARAMETERS) {
                APUS_LOOP(i, count) {
                    COLUMN(i);
                    terms[i] = dy[i] * x[i] * power(divisor(x, column, (I)size, (T)share, (T)k), (T)(-beta - 1));
                }
            }

            // An element is in the windows of the channels that are its window seen from the other end.
            extern "C" __global__ void local_response_gradient(const T* __restrict__ dy, const T* __restrict__ x,
                                                               const T* __restrict__ terms, T* __restrict__ dx,
                                                               double share, double beta, double k, int64 count,
                                                               COLUMN_PARAMETERS) {
                APUS_LOOP(i, count) {
                    COLUMN(i);
                    T spread = 0;
                    const I last = column.last((I)size / 2);
                    for (I c = column.least(((I)size - 1) / 2); c <= last; c++)
                        spread += terms[column.first + c * column.step];
                    dx[i] = dy[i] * power(divisor(x, column, (I)size, (T)share, (T)k), (T)-beta)
                        - (T)(2 * beta * share) * x[i] * spread;
                }
            }
            """)
}

extension LocalResponseNormalization {
    fileprivate func kernel(_ name: String, _ x: TensorSpec) -> CUDAKernel {
        let index = KernelDivision.indexType(below: max(x.shape.elementCount, size))
        return CUDAKernel(.localResponse, name, types: ["T": x.dtype], macros: ["I": index])
    }

    /// What follows the memory among the kernels' arguments.
    fileprivate func arguments(_ x: Shape) -> [KernelArgument] {
        let plane = x.dimensions.dropFirst(2).reduce(1, *)
        return [
            .double(alpha / Double(size)), .double(beta), .double(k), .int(x.elementCount), .int(plane),
            .int(KernelDivision.magic(plane)), .int(x[1]), .int(KernelDivision.magic(x[1])), .int(size),
        ]
    }
}

extension CUDAKernel {
    /// Puts one thread for each of `count` elements into the device's queue.
    fileprivate func launch(on device: CUDADevice, count: Int, _ arguments: [KernelArgument]) throws {
        guard count > 0 else { return }
        try launch(
            on: device, grid: (min((count + 255) / 256, 65_536), 1, 1), block: (256, 1, 1), sharedBytes: 0, arguments)
    }
}

extension LocalResponseNormalization: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let x = step.inputs[0].spec
        let kernel = kernel("local_response", x)
        return PreparedStep(kernel: "channel windows") { operands, _ in
            try kernel.launch(
                on: device, count: x.shape.elementCount,
                [.address(operands[0]), .address(operands[1])] + arguments(x.shape))
        }
    }
}

extension LocalResponseNormalizationGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let x = step.inputs[1].spec
        let terms = normalization.kernel("local_response_terms", x)
        let gradient = normalization.kernel("local_response_gradient", x)
        let (normalization, count) = (normalization, x.shape.elementCount)
        return PreparedStep(kernel: "channel windows", scratchBytes: x.byteCount) { operands, scratch in
            let arguments = normalization.arguments(x.shape)
            let inputs: [KernelArgument] = [.address(operands[0]), .address(operands[1]), .address(scratch)]
            try terms.launch(on: device, count: count, inputs + arguments)
            try gradient.launch(on: device, count: count, inputs + [.address(operands[2])] + arguments)
        }
    }
}
