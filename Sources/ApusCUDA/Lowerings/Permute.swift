import ApusGraph
import ApusPlan
import CCUDA

extension KernelSource {
    /// `E`: an unsigned type of the size of an element.
    fileprivate static let permute = KernelSource(
        name: "permute",
        code: """
            // Swaps two dimensions: `columns` elements are neighbours in x, `rows` in y. A square of both goes through
            // shared memory, so that threads read and write neighbours; the other dimensions count squares.
            extern "C" __global__ void transpose(
                const E* __restrict__ x, E* __restrict__ y, int64 rows, int64 columns, int64 row_step, int64 column_step,
                Dimensions from, Dimensions to, int64 batches) {
                // One column more, so that a column's elements lie in different banks.
                __shared__ E square[32][33];
                const int64 across = (columns + 31) / 32, down = (rows + 31) / 32;
                const int lane = threadIdx.x;
                for (int64 index = blockIdx.x; index < across * down * batches; index += gridDim.x) {
                    const int64 rest = index / across, batch = rest / down;
                    const int64 column = (index - rest * across) * 32, row = (rest - batch * down) * 32;
                    const E* source = x + apus_offset(from, batch) + row * row_step + column;
                    E* target = y + apus_offset(to, batch) + column * column_step + row;
                    if (column + lane < columns) {
                        for (int r = threadIdx.y; r < 32 && row + r < rows; r += blockDim.y)
                            square[r][lane] = source[r * row_step + lane];
                    }
                    __syncthreads();
                    if (row + lane < rows) {
                        for (int c = threadIdx.y; c < 32 && column + c < columns; c += blockDim.y)
                            target[c * column_step + lane] = square[lane][c];
                    }
                    __syncthreads();
                }
            }
            """)
}

extension Permute: CUDALowerable {
    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let (source, target) = (step.inputs[0].spec, step.outputs[0].spec)
        let own = source.shape.rowMajorStrides
        let (sizes, strides) = StridedCopy.joined(target.shape.dimensions, order.map { own[$0] })
        // Where neighbours stay neighbours, or either dimension is short, threads read and write well without squares.
        guard let last = sizes.indices.last, strides[last] != 1, let near = strides.firstIndex(of: 1),
            min(sizes[last], sizes[near]) >= 16
        else {
            return try StridedCopy(source.dtype, sizes: sizes, strides: strides, .fromBox, operation: name)
                .step(on: device)
        }
        let targetStrides = Shape(sizes).rowMajorStrides
        let others = sizes.indices.filter { $0 != last && $0 != near }
        let from = try ApusDimensions(others.map { sizes[$0] }, strides: others.map { strides[$0] }, of: name)
        let to = try ApusDimensions(others.map { sizes[$0] }, strides: others.map { targetStrides[$0] }, of: name)
        let batches = others.reduce(1) { $0 * sizes[$1] }
        let squares = (sizes[last] + 31) / 32 * ((sizes[near] + 31) / 32) * batches
        let (rows, columns, rowStep, columnStep) = (sizes[last], sizes[near], strides[last], targetStrides[near])
        let kernel = CUDAKernel(.permute, "transpose", macros: ["E": source.dtype.bitsName])
        return PreparedStep(kernel: "transpose") { operands, _ in
            guard squares > 0 else { return }
            try kernel.launch(
                on: device, grid: (min(squares, 1 << 20), 1, 1), block: (32, 8, 1), sharedBytes: 0,
                [
                    .address(operands[0]), .address(operands[1]), .int(rows), .int(columns), .int(rowStep),
                    .int(columnStep), .dimensions(from), .dimensions(to), .int(batches),
                ])
        }
    }
}
