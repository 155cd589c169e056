import ApusGraph
import ApusPlan

extension KernelSource {
    /// `S` and `D`: how an element is kept in the source and in the target; both are the same type, or two of
    /// `float`, `BFloat16` and `Float16`. `I`: an unsigned type that holds the number of elements.
    fileprivate static let relayout = KernelSource(
        name: "relayout",
        code: KernelHalf.code + """
            template <typename N> struct alignas(4 * sizeof(N) < 16 ? 4 * sizeof(N) : 16) Four { N at[4]; };

            // In the same order, four at a time and the rest by itself.
            extern "C" __global__ void convert(const S* __restrict__ x, D* __restrict__ y, int64 fours, int64 count) {
                APUS_LOOP(i, fours) {
                    const Four<S> source = ((const Four<S>*)x)[i];
                    Four<D> target;
                    for (int k = 0; k < 4; k++) apus_set(target.at[k], source.at[k]);
                    ((Four<D>*)y)[i] = target;
                }
                const int64 place = 4 * fours + blockIdx.x * (int64)blockDim.x + threadIdx.x;
                if (place < count) apus_set(y[place], x[place]);
            }

            // Turns each of `batches` matrices of so many rows and columns: a square at a time, by way of shared memory, so
            // that threads read and write neighbours.
            extern "C" __global__ void turn(const S* __restrict__ x, D* __restrict__ y, int64 batches, int64 rows,
                                            int64 columns) {
                // One column more, so that a column's elements lie in different banks.
                __shared__ D square[32][33];
                const I across = (I)(columns + 31) / 32, down = (I)(rows + 31) / 32;
                const I lane = threadIdx.x, squares = across * down * (I)batches;
                for (I index = blockIdx.x; index < squares; index += gridDim.x) {
                    const I rest = index / across, batch = rest / down;
                    const I column = (index - rest * across) * 32, row = (rest - batch * down) * 32;
                    const I first = batch * (I)rows * (I)columns;
                    if (column + lane < (I)columns) {
                        for (I r = threadIdx.y; r < 32 && row + r < (I)rows; r += blockDim.y)
                            apus_set(square[r][lane], x[first + (row + r) * (I)columns + column + lane]);
                    }
                    __syncthreads();
                    if (row + lane < (I)rows) {
                        for (I c = threadIdx.y; c < 32 && column + c < (I)columns; c += blockDim.y)
                            y[first + (column + c) * (I)rows + row + lane] = square[lane][c];
                    }
                    __syncthreads();
                }
            }

            // The same where there are few rows: a thread for each column of a matrix.
            extern "C" __global__ void turn_columns(const S* __restrict__ x, D* __restrict__ y, int64 rows, int64 columns,
                                                    int64 count) {
                APUS_LOOP(i, count) {
                    const I batch = (I)i / (I)columns, column = (I)i - batch * (I)columns;
                    const S* source = x + batch * (I)rows * (I)columns + column;
                    D* target = y + (I)i * (I)rows;
                    for (I row = 0; row < (I)rows; row++) apus_set(target[row], source[row * (I)columns]);
                }
            }

            // The same where there are few columns: a thread for each row of a matrix.
            extern "C" __global__ void turn_rows(const S* __restrict__ x, D* __restrict__ y, int64 rows, int64 columns,
                                                 int64 count) {
                APUS_LOOP(i, count) {
                    const I batch = (I)i / (I)rows, row = (I)i - batch * (I)rows;
                    const S* source = x + (I)i * (I)columns;
                    D* target = y + batch * (I)rows * (I)columns + row;
                    for (I column = 0; column < (I)columns; column++) apus_set(target[column * (I)rows], source[column]);
                }
            }
            """)
}

extension Relayout: CUDALowerable {
    /// The layout pass knows both layouts; it never asks.
    func layouts(for step: StepDescription, on device: CUDADevice) throws -> StepLayouts { .plain(step) }

    func lower(_ step: StepDescription, on device: CUDADevice) throws -> PreparedStep {
        let conversion = try Reordering(
            step.inputs[0].spec, from: step.inputs[0].layout.cuda, to: step.outputs[0].layout.cuda)
        return PreparedStep(kernel: conversion.name) { operands, _ in
            try conversion.run(operands[0], operands[1], on: device)
        }
    }
}

/// A tensor from one layout to another, in one pass.
struct Reordering: Sendable {
    /// For traces.
    let name: String
    private let kernel: CUDAKernel
    private let batches: Int
    private let rows: Int
    private let columns: Int
    private let way: Way

    private enum Way {
        case convert, turn, turnColumns, turnRows
    }

    /// Rows or columns of at most so many elements are read or written by one thread.
    private static let few = 16

    init(_ spec: TensorSpec, from source: CUDALayout, to target: CUDALayout) throws {
        let shape = spec.shape
        let turns = source.isChannelsLast != target.isChannelsLast
        guard !turns || shape.rank == 4, (source.half == nil && target.half == nil) || spec.dtype == .float32 else {
            throw TensorError(
                Relayout.name,
                "CUDA does not bring \(spec.dtype)\(shape.brackets) from \(source.physical(shape)) to "
                    + "\(target.physical(shape)).")
        }
        let (channels, pixels) = turns ? (shape[1], shape[2] * shape[3]) : (1, shape.elementCount)
        batches = turns ? shape[0] : 1
        (rows, columns) = source.isChannelsLast ? (pixels, channels) : (channels, pixels)
        if !turns || rows == 1 || columns == 1 {
            way = .convert
        } else if rows <= Self.few {
            way = .turnColumns
        } else {
            way = columns <= Self.few ? .turnRows : .turn
        }
        let kernelName =
            switch way {
            case .convert: "convert"
            case .turn: "turn"
            case .turnColumns: "turn_columns"
            case .turnRows: "turn_rows"
            }
        func element(_ layout: CUDALayout) -> String {
            spec.dtype == .float32 ? layout.elementName : spec.dtype.bitsName
        }
        kernel = CUDAKernel(
            .relayout, kernelName,
            macros: [
                "S": element(source), "D": element(target), "I": ElementBits.indexName(count: shape.elementCount),
            ])
        name = "\(source.physical(shape)) to \(target.physical(shape))"
    }

    /// Puts the conversion into the queue.
    func run(_ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, on device: CUDADevice) throws {
        let count = batches * rows * columns
        guard count > 0 else { return }
        switch way {
        case .convert:
            // At least one thread, for the rest.
            try kernel.launch(
                on: device, count: max(count / 4, 1), .address(source), .address(target), .int(count / 4), .int(count))
        case .turn:
            let squares = (rows + 31) / 32 * ((columns + 31) / 32) * batches
            try kernel.launch(
                on: device, grid: (min(squares, 1 << 20), 1, 1), block: (32, 8, 1), sharedBytes: 0,
                [.address(source), .address(target), .int(batches), .int(rows), .int(columns)])
        case .turnColumns:
            try kernel.launch(
                on: device, count: batches * columns, .address(source), .address(target), .int(rows), .int(columns),
                .int(batches * columns))
        case .turnRows:
            try kernel.launch(
                on: device, count: batches * rows, .address(source), .address(target), .int(rows), .int(columns),
                .int(batches * rows))
        }
    }
}
