import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the elements. A channel of a row has `run` neighbouring elements, of which there are `channels`
    /// in all groups together.
    fileprivate static let rowNormalization = KernelSource(
        name: "row_normalization", code: RowGroups.code + forwardCode + gradientCode + parameterCode)
}

private let forwardCode = """
    __device__ inline float square_root(float x) { return sqrtf(x); }
    __device__ inline double square_root(double x) { return sqrt(x); }

    // The channel, among those of all groups, of an element of a row; rows are shorter than 2^31.
    __device__ inline int64 channel_of(int64 row, int64 groups, int64 length, int64 i, int64 run) {
        const unsigned perRow = (unsigned)length / (unsigned)run;
        return row % groups * perRow + (unsigned)i / (unsigned)run;
    }

    extern "C" __global__ void row_normalization(
        const T* __restrict__ x, const T* __restrict__ gamma, const T* __restrict__ beta, T* __restrict__ y,
        T* __restrict__ means, T* __restrict__ variances, T* __restrict__ inverses, int64 hasScale, int64 hasShift,
        int64 subtractsMean, double epsilon, int64 groups, int64 length, int64 run, int64 rows, int64 lanes) {
        const RowGroup group = row_group(rows, lanes);
        const T* row = x + group.row * length;
        T mean = T(0);
        if (subtractsMean) {
            T own = T(0);
            for (int64 i = group.lane; i < length; i += group.lanes) own += row[i];
            mean = row_sum(group, own) / T(length);
        }
        T own = T(0);
        for (int64 i = group.lane; i < length; i += group.lanes) {
            const T centred = row[i] - mean;
            own += centred * centred;
        }
        const T variance = row_sum(group, own) / T(length);
        const T inverse = T(1) / square_root(variance + (T)epsilon);
        if (!group.isValid) return;
        for (int64 i = group.lane; i < length; i += group.lanes) {
            const T normalized = (row[i] - mean) * inverse;
            const int64 channel = hasScale || hasShift ? channel_of(group.row, groups, length, i, run) : 0;
            y[group.row * length + i] =
                normalized * (hasScale ? gamma[channel] : T(1)) + (hasShift ? beta[channel] : T(0));
        }
        if (group.lane > 0) return;
        means[group.row] = mean;
        variances[group.row] = variance;
        inverses[group.row] = inverse;
    }

    """

private let gradientCode = """
    extern "C" __global__ void row_normalization_gradient(
        const T* __restrict__ dy, const T* __restrict__ x, const T* __restrict__ means,
        const T* __restrict__ inverses, const T* __restrict__ gamma, T* __restrict__ dx, int64 hasScale,
        int64 subtractsMean, int64 groups, int64 length, int64 run, int64 rows, int64 lanes) {
        const RowGroup group = row_group(rows, lanes);
        const int64 start = group.row * length;
        const T mean = means[group.row], inverse = inverses[group.row];
        T ownSum = T(0), ownProduct = T(0);
        for (int64 i = group.lane; i < length; i += group.lanes) {
            const T factor = hasScale ? gamma[channel_of(group.row, groups, length, i, run)] : T(1);
            const T scaled = dy[start + i] * factor;
            ownSum += scaled;
            ownProduct += scaled * ((x[start + i] - mean) * inverse);
        }
        const T sum = row_sum(group, ownSum), product = row_sum(group, ownProduct);
        const T meanSum = subtractsMean ? sum / T(length) : T(0), meanProduct = product / T(length);
        if (!group.isValid) return;
        for (int64 i = group.lane; i < length; i += group.lanes) {
            const T factor = hasScale ? gamma[channel_of(group.row, groups, length, i, run)] : T(1);
            const T scaled = dy[start + i] * factor;
            dx[start + i] = inverse * (scaled - meanSum - (x[start + i] - mean) * inverse * meanProduct);
        }
    }

    """

/// The gradients by γ and β: sums over the `batch` and a channel's run.
private let parameterCode = """
    // A block for each channel, for long runs: its elements are `batch` pieces of `run` neighbours.
    extern "C" __global__ void row_normalization_channels(
        const T* __restrict__ dy, const T* __restrict__ x, const T* __restrict__ means,
        const T* __restrict__ inverses, T* __restrict__ dGamma, T* __restrict__ dBeta, int64 channels, int64 perRow,
        int64 run, int64 batch) {
        const int64 channel = blockIdx.x, groups = channels / perRow;
        T ownGamma = T(0), ownBeta = T(0);
        // A warp or the block goes over a piece, so that only its start needs a division.
        const int lanes = run >= 1024 || batch < 8 ? blockDim.x : 32, lane = threadIdx.x % lanes;
        for (int64 n = threadIdx.x / lanes; n < batch; n += blockDim.x / lanes) {
            const int64 row = n * groups + channel / perRow;
            const int64 start = (n * channels + channel) * run;
            const T mean = means[row], inverse = inverses[row];
            T pieceGamma = T(0), pieceBeta = T(0);
            for (int64 i = lane; i < run; i += lanes) {
                const T gradient = dy[start + i];
                pieceGamma += gradient * ((x[start + i] - mean) * inverse);
                pieceBeta += gradient;
            }
            ownGamma += pieceGamma;
            ownBeta += pieceBeta;
        }
        const T sumGamma = apus_block_sum(ownGamma), sumBeta = apus_block_sum(ownBeta);
        if (threadIdx.x > 0) return;
        dGamma[channel] = sumGamma;
        dBeta[channel] = sumBeta;
    }

    // Neighbouring threads for neighbouring channels and eight threads for each, for short runs; blockIdx.y numbers the
    // parts of the batch. Partial sums: those of all channels for gamma, then for beta, part by part.
    extern "C" __global__ void row_normalization_columns(
        const T* __restrict__ dy, const T* __restrict__ x, const T* __restrict__ means,
        const T* __restrict__ inverses, T* __restrict__ partial, int64 channels, int64 perRow, int64 run,
        int64 batch, int64 part) {
        __shared__ T gammas[8][32];
        __shared__ T betas[8][32];
        const int64 channel = blockIdx.x * 32ll + threadIdx.x, groups = channels / perRow;
        const int64 begin = blockIdx.y * part, end = begin + part < batch ? begin + part : batch;
        T ownGamma = T(0), ownBeta = T(0);
        if (channel < channels) {
            const int64 group = channel / perRow;
            for (int64 n = begin + threadIdx.y; n < end; n += 8) {
                const T mean = means[n * groups + group], inverse = inverses[n * groups + group];
                const int64 start = (n * channels + channel) * run;
                for (int64 i = 0; i < run; i++) {
                    const T gradient = dy[start + i];
                    ownGamma += gradient * ((x[start + i] - mean) * inverse);
                    ownBeta += gradient;
                }
            }
        }
        gammas[threadIdx.y][threadIdx.x] = ownGamma;
        betas[threadIdx.y][threadIdx.x] = ownBeta;
        __syncthreads();
        if (threadIdx.y > 0 || channel >= channels) return;
        for (int row = 1; row < 8; row++) {
            ownGamma += gammas[row][threadIdx.x];
            ownBeta += betas[row][threadIdx.x];
        }
        partial[2 * blockIdx.y * channels + channel] = ownGamma;
        partial[(2 * blockIdx.y + 1) * channels + channel] = ownBeta;
    }

    extern "C" __global__ void row_normalization_partials(
        const T* __restrict__ partial, T* __restrict__ dGamma, T* __restrict__ dBeta, int64 channels, int64 parts) {
        APUS_LOOP(channel, channels) {
            T gamma = T(0), beta = T(0);
            for (int64 p = 0; p < parts; p++) {
                gamma += partial[2 * p * channels + channel];
                beta += partial[(2 * p + 1) * channels + channel];
            }
            dGamma[channel] = gamma;
            dBeta[channel] = beta;
        }
    }

    """

extension RowNormalization: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let spec = step.inputs[0].spec
        try checkRowLength()
        let rows = RowGroups(rows: spec.shape.elementCount / rowLength, length: rowLength, isContiguous: true)
        let kernel = CUDAKernel(.rowNormalization, "row_normalization", types: ["T": spec.dtype])
        let (scale, shift) = (hasScale ? 1 : 0, hasShift ? (hasScale ? 2 : 1) : 0)
        let y = step.inputs.count
        return PreparedStep(kernel: "row_normalization") { operands, _ in
            try kernel.launch(
                on: device, blocks: rows.blocks, threads: rows.threads, .address(operands[0]),
                .address(operands[scale]), .address(operands[shift]), .address(operands[y]), .address(operands[y + 1]),
                .address(operands[y + 2]), .address(operands[y + 3]), .int(hasScale ? 1 : 0), .int(hasShift ? 1 : 0),
                .int(subtractsMean ? 1 : 0), .double(epsilon), .int(groups), .int(rowLength), .int(run),
                .int(rows.rows), .int(rows.lanes))
        }
    }

    fileprivate func checkRowLength() throws {
        guard rowLength < Int(Int32.max) else {
            throw TensorError(name, "rows of \(rowLength) elements are longer than the 2³¹ that CUDA kernels take.")
        }
    }
}

extension RowNormalizationGradient: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (normalization, spec) = (normalization, step.inputs[1].spec)
        try normalization.checkRowLength()
        let (length, run, groups) = (normalization.rowLength, normalization.run, normalization.groups)
        let rows = RowGroups(rows: spec.shape.elementCount / length, length: length, isContiguous: true)
        let kernel = CUDAKernel(.rowNormalization, "row_normalization_gradient", types: ["T": spec.dtype])
        let (gamma, dx) = (normalization.hasScale ? 4 : 0, step.inputs.count)
        let parameters = ParameterGradients(normalization, spec)
        return PreparedStep(
            kernel: "row_normalization_gradient", scratchBytes: parameters.scratchBytes
        ) { operands, scratch in
            try kernel.launch(
                on: device, blocks: rows.blocks, threads: rows.threads, .address(operands[0]), .address(operands[1]),
                .address(operands[2]), .address(operands[3]), .address(operands[gamma]), .address(operands[dx]),
                .int(normalization.hasScale ? 1 : 0), .int(normalization.subtractsMean ? 1 : 0), .int(groups),
                .int(length), .int(run), .int(rows.rows), .int(rows.lanes))
            try parameters.run(on: device, operands, dx + 1, scratch)
        }
    }
}

/// The launches for the gradients by γ and β.
private struct ParameterGradients {
    private let kernel: CUDAKernel
    private let finish: CUDAKernel?
    private let channels: Int
    private let perRow: Int
    private let run: Int
    private let batch: Int
    private let part: Int
    private let parts: Int
    let scratchBytes: Int

    init(_ normalization: RowNormalization, _ spec: TensorSpec) {
        (perRow, run) = (normalization.channels, normalization.run)
        channels = normalization.groups * normalization.channels
        batch = spec.shape.elementCount / (channels * run)
        let types = ["T": spec.dtype]
        guard run < 32 else {
            kernel = CUDAKernel(.rowNormalization, "row_normalization_channels", types: types)
            finish = nil
            (part, parts, scratchBytes) = (batch, 1, 0)
            return
        }
        kernel = CUDAKernel(.rowNormalization, "row_normalization_columns", types: types)
        finish = CUDAKernel(.rowNormalization, "row_normalization_partials", types: types)
        // As many blocks as fill a large GPU.
        let wanted = max(1, min(512 / ((channels + 31) / 32), batch / 64))
        part = (batch + wanted - 1) / wanted
        parts = (batch + part - 1) / part
        scratchBytes = 2 * parts * channels * spec.dtype.byteCount
    }

    func run(
        on device: CUDADevice, _ operands: Operands, _ dGamma: Int, _ scratch: UnsafeMutableRawPointer
    ) throws {
        let inputs = (0..<4).map { KernelArgument.address(operands[$0]) }
        let sizes: [KernelArgument] = [.int(channels), .int(perRow), .int(run), .int(batch)]
        let results: [KernelArgument] = [.address(operands[dGamma]), .address(operands[dGamma + 1])]
        guard let finish else {
            try kernel.launch(
                on: device, grid: (channels, 1, 1), block: (256, 1, 1), sharedBytes: 0, inputs + results + sizes)
            return
        }
        try kernel.launch(
            on: device, grid: ((channels + 31) / 32, parts, 1), block: (32, 8, 1), sharedBytes: 0,
            inputs + [.address(scratch)] + sizes + [.int(part)])
        try finish.launch(
            on: device, count: channels, .address(scratch), results[0], results[1], .int(channels), .int(parts))
    }
}
