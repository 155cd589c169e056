import ApusGraph
import ApusPlan
import CCUDA

extension KernelSource {
    /// `T`: the type of the elements; `I`: that of indices.
    fileprivate static let unfold = KernelSource(
        name: "unfold",
        code: KernelDivision.code + """
            // Laid out as Dimensions; each pair is of height and width. The planes are those of all images and channels.
            struct Windows {
                int64 rank, image[2], kernel[2], blocks[2], stride[2], unused[8];
                int64 padding[2], dilation[2], imageMagic[2], kernelMagic[2], blocksMagic[2], strideMagic[2], unusedToo[4];
            };

            // The quotient, and in rest the remainder.
            __device__ inline I split(I& rest, int64 size, int64 magic) {
                const I quotient = apus_divide(rest, size, magic), n = rest;
                rest = n - quotient * (I)size;
                return quotient;
            }

            // Elements of [plane, tap, block].
            extern "C" __global__ void unfold(const T* __restrict__ x, T* __restrict__ columns, Windows g, int64 count) {
                APUS_LOOP(i, count) {
                    I right = (I)i;
                    I down = split(right, g.blocks[1], g.blocksMagic[1]);
                    I kw = split(down, g.blocks[0], g.blocksMagic[0]);
                    I kh = split(kw, g.kernel[1], g.kernelMagic[1]);
                    const I plane = split(kh, g.kernel[0], g.kernelMagic[0]);
                    const I h = down * (I)g.stride[0] + kh * (I)g.dilation[0] - (I)g.padding[0];
                    const I w = right * (I)g.stride[1] + kw * (I)g.dilation[1] - (I)g.padding[1];
                    const bool isInside = h >= 0 && h < (I)g.image[0] && w >= 0 && w < (I)g.image[1];
                    columns[i] = isInside ? x[(plane * (I)g.image[0] + h) * (I)g.image[1] + w] : T(0);
                }
            }

            // The block that has a pixel at a tap; -1 where none has.
            __device__ inline I block(const Windows& g, int d, I pixel, I tap) {
                I rest = pixel + (I)g.padding[d] - tap * (I)g.dilation[d];
                if (rest < 0) return -1;
                const I block = split(rest, g.stride[d], g.strideMagic[d]);
                return rest == 0 && block < (I)g.blocks[d] ? block : -1;
            }

            // Each pixel gathers its places in the columns, tap by tap.
            extern "C" __global__ void fold(const T* __restrict__ columns, T* __restrict__ image, Windows g, int64 count) {
                APUS_LOOP(i, count) {
                    I w = (I)i;
                    I h = split(w, g.image[1], g.imageMagic[1]);
                    const I plane = split(h, g.image[0], g.imageMagic[0]);
                    T sum = 0;
                    for (I kh = 0; kh < (I)g.kernel[0]; kh++) {
                        const I down = block(g, 0, h, kh);
                        if (down < 0) continue;
                        for (I kw = 0; kw < (I)g.kernel[1]; kw++) {
                            const I right = block(g, 1, w, kw);
                            if (right < 0) continue;
                            const I row = (plane * (I)g.kernel[0] + kh) * (I)g.kernel[1] + kw;
                            sum += columns[(row * (I)g.blocks[0] + down) * (I)g.blocks[1] + right];
                        }
                    }
                    image[i] = sum;
                }
            }
            """)
}

extension SlidingWindow {
    /// The argument `Windows`.
    fileprivate func argument(image: [Int]) throws -> ApusDimensions {
        let blocks = blocks(image)
        let magics = (image + kernelSize + blocks + stride).map { KernelDivision.magic($0) }
        return try ApusDimensions(
            image + kernelSize + blocks + stride, strides: padding + dilation + magics, of: Unfold.name)
    }

    fileprivate func kernel(_ name: String, _ dtype: DType, counts: Int...) -> CUDAKernel {
        // What kernels compute on the way must fit, too.
        let reach = zip(kernelSize, dilation).map { $0.multipliedFullWidth(by: $1) }
        let isNarrow =
            reach.allSatisfy { $0.high == 0 && $0.low <= 1 << 28 }
            && (stride + padding).allSatisfy { $0 <= 1 << 28 }
        let index = KernelDivision.indexType(below: counts.max() ?? 0)
        return CUDAKernel(.unfold, name, types: ["T": dtype], macros: ["I": isNarrow ? index : "int64"])
    }
}

extension Unfold: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (x, count) = (step.inputs[0].spec, step.outputs[0].spec.shape.elementCount)
        let argument = try window.argument(image: Array(x.shape.dimensions.suffix(2)))
        let kernel = window.kernel("unfold", x.dtype, counts: x.shape.elementCount, count)
        return PreparedStep(kernel: "unfold") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .dimensions(argument),
                .int(count))
        }
    }
}

extension Fold: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (columns, count) = (step.inputs[0].spec, step.outputs[0].spec.shape.elementCount)
        let argument = try window.argument(image: outputSize)
        let kernel = window.kernel("fold", columns.dtype, counts: columns.shape.elementCount, count)
        return PreparedStep(kernel: "fold") { operands, _ in
            try kernel.launch(
                on: device, count: count, .address(operands[0]), .address(operands[1]), .dimensions(argument),
                .int(count))
        }
    }
}
