import ApusGraph
import ApusPlan

extension KernelSource {
    /// `T`: the type of the result; `F`: that of the factors, which may have 16 bits; `A`: that of sums, unsigned for
    /// integers, which wrap around.
    fileprivate static let matmul = KernelSource(
        name: "matmul",
        code: KernelHalf.code + """
            #define TILE 16

            __device__ inline float multiply_add(float a, float b, float c) { return fmaf(a, b, c); }
            __device__ inline double multiply_add(double a, double b, double c) { return fma(a, b, c); }
            template <typename N> __device__ inline N multiply_add(N a, N b, N c) { return a * b + c; }

            // c = a b for row-major matrices: a block computes a tile of 16 rows and columns. The blocks along x are the
            // tiles, those along z the matrices of the stack. An operand's element [i, j] lies at i * row + j * column.
            extern "C" __global__ void matmul(
                const F* __restrict__ a, const F* __restrict__ b, T* __restrict__ c, int64 batch, int64 m, int64 k,
                int64 n, int64 a_row, int64 a_column, int64 b_row, int64 b_column) {
                __shared__ A left[TILE][TILE + 1];
                __shared__ A right[TILE][TILE + 1];
                const int64 across = (n + TILE - 1) / TILE;
                const int64 first_row = blockIdx.x / across * TILE, first_column = blockIdx.x % across * TILE;
                const int x = threadIdx.x, y = threadIdx.y;
                const int64 row = first_row + y, column = first_column + x;
                for (int64 matrix = blockIdx.z; matrix < batch; matrix += gridDim.z) {
                    const F* rows = a + matrix * m * k;
                    const F* columns = b + matrix * k * n;
                    A sum = 0;
                    for (int64 start = 0; start < k; start += TILE) {
                        // Neighbouring threads read neighbours of whichever index runs fastest.
                        const int64 left_i = first_row + (a_column == 1 ? y : x);
                        const int64 left_k = start + (a_column == 1 ? x : y);
                        const int64 right_k = start + (b_column == 1 ? y : x);
                        const int64 right_j = first_column + (b_column == 1 ? x : y);
                        left[left_i - first_row][left_k - start] =
                            left_i < m && left_k < k ? (A)apus_number(rows[left_i * a_row + left_k * a_column]) : (A)0;
                        right[right_k - start][right_j - first_column] =
                            right_k < k && right_j < n ? (A)apus_number(columns[right_k * b_row + right_j * b_column]) : (A)0;
                        __syncthreads();
                        // Tiles are summed apart, so that long sums lose little.
                        A part = 0;
                        for (int inner = 0; inner < TILE && start + inner < k; inner++)
                            part = multiply_add(left[y][inner], right[inner][x], part);
                        sum += part;
                        __syncthreads();
                    }
                    if (row < m && column < n) c[(matrix * m + row) * n + column] = (T)sum;
                }
            }
            """)
}

extension MatMul: CUDALowerable {
    func layouts(for step: StepDescription, on device: CUDADevice) throws -> StepLayouts {
        try matmulLayouts(self, step, on: device)
    }

    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try lowerMatMul(self, hasBias: false, activation: nil, step, on: device)
    }
}

extension FusedMatMul: CUDALowerable {
    func layouts(for step: StepDescription, on device: CUDADevice) throws -> StepLayouts {
        try matmulLayouts(matmul, step, on: device)
    }

    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        try lowerMatMul(matmul, hasBias: hasBias, activation: activation, step, on: device)
    }
}

/// Row-major; both factors as numbers of 16 bits where that is the precision.
private func matmulLayouts(
    _ matmul: MatMul, _ step: StepDescription, on device: CUDADevice
) throws -> StepLayouts {
    var layouts = StepLayouts.plain(step)
    guard step.inputs[0].spec.dtype == .float32,
        let half = try device.factors(matmul.precision, of: matmul.name).half
    else { return layouts }
    for index in 0..<2 { layouts.inputs[index] = CUDALayout.plain(half).physical(step.inputs[index].spec.shape) }
    return layouts
}

/// By cuBLASLt for real numbers, by a kernel of our own for integers and for what cuBLASLt has no algorithm for.
///
/// cuBLASLt adds a bias while the result is in registers. Where an activation follows, a pass of our own does both:
/// cuBLASLt's has no sigmoid, and does not say what its relu makes of NaN.
private func lowerMatMul(
    _ matmul: MatMul, hasBias: Bool, activation: Activation?, _ step: StepDescription, on device: CUDADevice
) throws -> PreparedStep {
    let (left, right, result) = (step.inputs[0].spec, step.inputs[1].spec, step.outputs[0].spec)
    let dtype = result.dtype
    guard dtype != .bool else {
        throw TensorError(
            matmul.name, "the product is not defined for bool. Cast to .int64 or .float32 first.")
    }
    guard dtype.isFloatingPoint || (!hasBias && activation == nil) else {
        throw TensorError(
            matmul.name, "a bias and an activation are added to products of real numbers, not of \(dtype).")
    }
    let sizes = matmul.sizes(left.shape, right.shape)
    guard result.shape.elementCount > 0 else { return PreparedStep(kernel: "nothing") { _, _ in } }
    let resultIndex = step.inputs.count
    let bias = ChannelBias(
        result.shape, alongRows: true, hasBias: hasBias, activation: activation, dtype: dtype)
    let factors = try device.factors(of: step, matmul.precision)
    func tiled() -> PreparedStep {
        let product = TiledMatMul(matmul, sizes, dtype, factors.half)
        return PreparedStep(kernel: "tiled") { operands, _ in
            try product.run(operands[0], operands[1], operands[resultIndex], on: device)
            try bias.run(operands[resultIndex], bias: hasBias ? operands[2] : nil, on: device)
        }
    }
    guard dtype.isFloatingPoint, sizes.k > 0 else { return tiled() }
    guard let context = device.contextIfPresent else {
        return PreparedStep(kernel: "cublasLt") { _, _ in throw try CUDAError.planWithoutGPU(device) }
    }
    try context.makeCurrent()
    func plan(hasBias: Bool) throws -> CUBLASLtProduct? {
        try CUBLASLtProduct(
            context.cublasLt(), sizes: sizes, transposesLeft: matmul.transposesLeft,
            transposesRight: matmul.transposesRight, dtype: dtype, factors: factors, hasBias: hasBias)
    }
    if hasBias, activation == nil, dtype == .float32, sizes.batch == 1, let product = try plan(hasBias: true) {
        return PreparedStep(kernel: "cublasLt", scratchBytes: product.workspaceBytes) { operands, scratch in
            try product.run(
                operands[0], operands[1], operands[3], bias: operands[2], workspace: scratch, on: context.stream)
        }
    }
    if let product = try plan(hasBias: false) {
        return PreparedStep(kernel: "cublasLt", scratchBytes: product.workspaceBytes) { operands, scratch in
            try product.run(
                operands[0], operands[1], operands[resultIndex], bias: nil, workspace: scratch, on: context.stream)
            try bias.run(operands[resultIndex], bias: hasBias ? operands[2] : nil, on: device)
        }
    }
    return tiled()
}

/// A product by the kernel above.
private struct TiledMatMul {
    private let kernel: CUDAKernel
    private let sizes: (batch: Int, m: Int, k: Int, n: Int)
    private let left: (row: Int, column: Int)
    private let right: (row: Int, column: Int)

    init(
        _ matmul: MatMul, _ sizes: (batch: Int, m: Int, k: Int, n: Int), _ dtype: DType, _ half: HalfType?
    ) {
        let sum =
            switch dtype {
            case .float32: "float"
            case .float64: "double"
            case .int64: "unsigned long long"
            case .uint8, .bool: "unsigned int"
            }
        kernel = CUDAKernel(
            .matmul, "matmul", types: ["T": dtype],
            macros: ["A": sum, "F": half?.kernelName ?? dtype.cudaName])
        self.sizes = sizes
        left = matmul.transposesLeft ? (1, sizes.m) : (sizes.k, 1)
        right = matmul.transposesRight ? (1, sizes.k) : (sizes.n, 1)
    }

    func run(
        _ a: UnsafeMutableRawPointer, _ b: UnsafeMutableRawPointer, _ c: UnsafeMutableRawPointer, on device: CUDADevice
    ) throws {
        let tiles = ((sizes.m + 15) / 16) * ((sizes.n + 15) / 16)
        try kernel.launch(
            on: device, grid: (tiles, 1, min(sizes.batch, 65_535)), block: (16, 16, 1), sharedBytes: 0,
            [
                .address(a), .address(b), .address(c), .int(sizes.batch), .int(sizes.m), .int(sizes.k),
                .int(sizes.n), .int(left.row), .int(left.column), .int(right.row), .int(right.column),
            ])
    }
}
