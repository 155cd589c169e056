import ApusGraph
import ApusPlan

extension KernelSource {
    /// `STORED` and `CHANNELS`: the channels of the bytes and of a result; `NORMALIZED`: whether there is a mean.
    fileprivate static let transformBytes = KernelSource(
        name: "transform bytes",
        code: """
            #define APUS_MIRRORED 1
            #define APUS_UPSIDE_DOWN 2
            #define APUS_GRAY 4

            struct Channels {
                float mean[CHANNELS];
                float deviation[CHANNELS];
                uint8 fill[STORED];
            };

            // A row of blocks for each image; a thread makes all channels of a pixel, so that neighbours write
            // neighbours.
            extern "C" __global__ void transform_bytes(
                const uint8* __restrict__ bytes, const int64* __restrict__ labels, const int64* __restrict__ items,
                float* __restrict__ images, int64* __restrict__ chosen, int64 stored, int64 storedHeight,
                int64 storedWidth, int64 height, int64 width, int64 count, Channels channels, Fault* fault,
                int64 code) {
                const unsigned rowsOfImage = (unsigned)storedHeight, columnsOfImage = (unsigned)storedWidth;
                const unsigned plane = (unsigned)(height * width), columns = (unsigned)width;
                const unsigned planeOfImage = rowsOfImage * columnsOfImage;
                for (int64 item = blockIdx.y; item < count; item += gridDim.y) {
                    const int64* __restrict__ words = items + item * 8;
                    const int64 position = words[0];
                    const bool exists = position >= 0 && position < stored;
                    const unsigned top = (unsigned)words[1], left = (unsigned)words[2], flags = (unsigned)words[3];
                    const int firstRow = (int)words[4], endRow = (int)words[5];
                    const int firstColumn = (int)words[6], endColumn = (int)words[7];
                    const uint8* __restrict__ image = bytes + (exists ? position : 0) * STORED * planeOfImage;
                    float* __restrict__ y = images + item * CHANNELS * plane;
                    if (blockIdx.x == 0 && threadIdx.x == 0) {
                        chosen[item] = exists ? labels[position] : 0;
                        if (!exists) apus_fault(fault, code, position, item, 0);
                    }
                    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < plane; i += gridDim.x * blockDim.x) {
                        const unsigned r = i / columns, c = i - r * columns;
                        // What lies before the first row or column is beyond the last one, being unsigned.
                        const unsigned row = flags & APUS_UPSIDE_DOWN ? top - r : top + r;
                        const unsigned column = flags & APUS_MIRRORED ? left - c : left + c;
                        const bool isShown = exists && (int)r >= firstRow && (int)r < endRow && (int)c >= firstColumn
                            && (int)c < endColumn && row < rowsOfImage && column < columnsOfImage;
                        uint8 pixel[STORED];
                        #pragma unroll
                        for (int k = 0; k < STORED; k++) {
                            pixel[k] = isShown ? image[k * planeOfImage + row * columnsOfImage + column]
                                : channels.fill[k];
                        }
                        #if STORED == 3
                        if (flags & APUS_GRAY) {
                            const float green = fmaf((float)pixel[1], 0.587f, (float)pixel[0] * 0.2989f);
                            const float gray = fmaf((float)pixel[2], 0.114f, green);
                            pixel[0] = pixel[1] = pixel[2] = (uint8)gray;
                        }
                        #endif
                        #pragma unroll
                        for (int k = 0; k < CHANNELS; k++) {
                            const float unit = (float)pixel[STORED == 1 ? 0 : k] / 255.0f;
                            #if NORMALIZED
                            y[k * plane + i] = (unit - channels.mean[k]) / channels.deviation[k];
                            #else
                            y[k * plane + i] = unit;
                            #endif
                        }
                    }
                }
            }
            """)
}

extension TransformBytes: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (stored, count, primitive) = (step.inputs[0].spec.shape, step.inputs[2].spec.shape[0], self)
        let kernel = CUDAKernel(
            .transformBytes, "transform_bytes",
            macros: ["STORED": "\(stored[1])", "CHANNELS": "\(channels)", "NORMALIZED": mean.isEmpty ? "0" : "1"])
        let words = channelWords
        let fault = device.faultCode { values in
            primitive.refusal(Int64(values[0]), at: values[1], count: stored[0])
        }
        let plane = height * width
        // Half of a block of 256 would idle at the end of an image of 28×28 or 32×32 pixels more often than one of 128.
        let threads = 128
        let grid = (x: min((plane + threads - 1) / threads, 1024), y: min(count, 65_535), z: 1)
        return PreparedStep(kernel: "transform bytes") { operands, _ in
            guard count > 0 else { return }
            try kernel.launch(
                on: device, grid: grid, block: (threads, 1, 1), sharedBytes: 0,
                [
                    .address(operands[0]), .address(operands[1]), .address(operands[2]), .address(operands[3]),
                    .address(operands[4]), .int(stored[0]), .int(stored[2]), .int(stored[3]), .int(primitive.height),
                    .int(primitive.width), .int(count), .words(words), .fault(fault),
                ])
        }
    }

    /// The structure `Channels` of the kernel.
    private var channelWords: [Int] {
        var bytes: [UInt8] = []
        for number in mean.isEmpty ? [Float](repeating: 0, count: 2 * channels) : mean + std {
            withUnsafeBytes(of: number.bitPattern) { bytes += $0 }
        }
        bytes += fill
        bytes += [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
        return bytes.withUnsafeBytes { source in
            stride(from: 0, to: source.count, by: 8).map { source.load(fromByteOffset: $0, as: Int.self) }
        }
    }
}
