import ApusGraph
import CCUDA

/// The sizes of a pooling as its kernels take them, in three dimensions: missing ones come first, and have the size 1.
struct PoolingSizes: Sendable {
    /// CUDA C++ that the sources of poolings put before their kernels; `I`, the type of indices, is `int` or `int64`;
    /// `R` is the number of spatial dimensions.
    static let code =
        KernelDivision.code + """
            // Laid out as Dimensions. Of each three numbers the last are those of the innermost dimension.
            struct Pooling {
                int64 rank, input[3], output[3], kernel[3], stride[3], unused[4];
                int64 padding[3], dilation[3], inputMagic[3], outputMagic[3], strideMagic[3], unusedToo;
            };

            // Where an element lies: in which plane, and where in it.
            struct Place { I plane, at[3]; };

            __device__ inline Place place(int64 position, const int64* sizes, const int64* magics) {
                Place place = {0, {0, 0, 0}};
                I rest = (I)position;
                for (int d = 2; d > 2 - R; d--) {
                    const I quotient = apus_divide(rest, sizes[d], magics[d]);
                    place.at[d] = rest - quotient * (I)sizes[d];
                    rest = quotient;
                }
                place.plane = rest;
                return place;
            }

            // The first element of a plane of these sizes.
            __device__ inline I plane_start(I plane, const int64* sizes) {
                return plane * (I)sizes[0] * (I)sizes[1] * (I)sizes[2];
            }

            // The places first, first + step … before end.
            struct Range { I first, end, step; };

            // Of a dimension that there is not.
            #define MISSING(d) if ((d) < 3 - R) return {0, 1, 1}

            // The input elements along a dimension that the window of an output reads.
            __device__ inline Range taps(const Pooling& g, int d, I output) {
                MISSING(d);
                const I step = (I)g.dilation[d], start = output * (I)g.stride[d] - (I)g.padding[d];
                const I end = start + ((I)g.kernel[d] - 1) * step + 1;
                I first = start;
                while (first < 0) first += step;
                return {first, end < (I)g.input[d] ? end : (I)g.input[d], step};
            }

            // The outputs along a dimension whose windows may hold an input element; with dilation not all do.
            __device__ inline Range windows(const Pooling& g, int d, I input) {
                MISSING(d);
                const I last = input + (I)g.padding[d];
                const I least = last - ((I)g.kernel[d] - 1) * (I)g.dilation[d];
                const I stride = (I)g.stride[d];
                const I first = least <= 0 ? 0 : apus_divide(least + stride - 1, stride, g.strideMagic[d]);
                const I end = apus_divide(last, stride, g.strideMagic[d]) + 1;
                return {first, end < (I)g.output[d] ? end : (I)g.output[d], 1};
            }

            // The input elements along a dimension of an adaptive window: ⌊o · H / O⌋ ..< ⌈(o + 1) · H / O⌉.
            __device__ inline Range adaptive_taps(const Pooling& g, int d, I output) {
                MISSING(d);
                const I input = (I)g.input[d], outputs = (I)g.output[d];
                return {apus_divide(output * input, outputs, g.outputMagic[d]),
                        apus_divide((output + 1) * input + outputs - 1, outputs, g.outputMagic[d]), 1};
            }

            // The outputs whose adaptive windows hold an input element: the same rule the other way.
            __device__ inline Range adaptive_windows(const Pooling& g, int d, I input) {
                MISSING(d);
                const I inputs = (I)g.input[d], output = (I)g.output[d];
                return {apus_divide(input * output, inputs, g.inputMagic[d]),
                        apus_divide((input + 1) * output + inputs - 1, inputs, g.inputMagic[d]), 1};
            }

            // PyTorch's comparison: the first of equal elements, but the last NaN.
            struct Largest {
                T value;
                I position;

                __device__ void keep(T element, I at) {
                    if (element > value || element != element || position < 0) {
                        value = element;
                        position = at;
                    }
                }
            };

            __device__ inline Largest largest(const T* __restrict__ plane, const Pooling& g, Range depth, Range height,
                                              Range width) {
                Largest found = {-(T)__int_as_float(0x7f800000), -1};
                for (I d = depth.first; d < depth.end; d += depth.step)
                    for (I h = height.first; h < height.end; h += height.step) {
                        const I row = (d * (I)g.input[1] + h) * (I)g.input[2];
                        for (I w = width.first; w < width.end; w += width.step) found.keep(plane[row + w], row + w);
                    }
                return found;
            }

            // Row by row, so that large windows lose little.
            __device__ inline T sum(const T* __restrict__ plane, const Pooling& g, Range depth, Range height, Range width) {
                T sum = 0;
                for (I d = depth.first; d < depth.end; d += depth.step)
                    for (I h = height.first; h < height.end; h += height.step) {
                        const I row = (d * (I)g.input[1] + h) * (I)g.input[2];
                        T part = 0;
                        for (I w = width.first; w < width.end; w += width.step) part += plane[row + w];
                        sum += part;
                    }
                return sum;
            }


            """

    private let dimensions: ApusDimensions
    private let indexType: String
    private let rank: Int
    let inputCount: Int
    let outputCount: Int

    /// - Parameters:
    ///   - geometry: nil for adaptive poolings, which need none.
    init(_ geometry: PoolingGeometry?, input: Shape, output: Shape, of operation: String) throws {
        rank = input.rank - 2
        guard rank <= 3 else {
            throw TensorError(operation, "\(rank) spatial dimensions are more than the 3 that CUDA kernels take.")
        }
        let rank = rank
        func padded(_ values: [Int]?, _ filler: Int) -> [Int] {
            let values = values ?? [Int](repeating: filler, count: rank)
            return [Int](repeating: filler, count: 3 - rank) + values
        }
        let inputs = padded(Array(input.dimensions.dropFirst(2)), 1)
        let outputs = padded(Array(output.dimensions.dropFirst(2)), 1)
        let (kernel, stride) = (padded(geometry?.kernelSize, 1), padded(geometry?.stride, 1))
        let (padding, dilation) = (padded(geometry?.padding, 0), padded(geometry?.dilation, 1))
        let magics = (inputs + outputs + stride).map { KernelDivision.magic($0) }
        let (sizes, others) = (inputs + outputs + kernel + stride, padding + dilation + magics)
        dimensions = try ApusDimensions(sizes, strides: others, of: operation)
        (inputCount, outputCount) = (input.elementCount, output.elementCount)
        // What kernels compute on the way must fit, too.
        let reach = zip(kernel, dilation).map { $0.multipliedFullWidth(by: $1) }
        let isShort = reach.allSatisfy { $0.high == 0 && $0.low <= 1 << 28 }
        let isSmall = (inputs + outputs + stride).allSatisfy { $0 <= 1 << 28 }
        // Adaptive windows are found by products of sizes.
        let isEven = geometry != nil || zip(inputs, outputs).allSatisfy { ($0 + 1) * ($1 + 1) <= 1 << 30 }
        let index = KernelDivision.indexType(below: max(inputCount, outputCount))
        indexType = isShort && isSmall && isEven ? index : "int64"
    }

    /// - Parameters:
    ///   - macros: those of the source beside `T`, `I` and `R`.
    func kernel(
        _ source: KernelSource, _ name: String, _ type: DType, macros: [String: String] = [:]
    ) -> CUDAKernel {
        let common = ["I": indexType, "R": "\(rank)"]
        return CUDAKernel(source, name, types: ["T": type], macros: macros.merging(common) { _, common in common })
    }

    /// The argument `Pooling`.
    var argument: KernelArgument { .dimensions(dimensions) }
}
