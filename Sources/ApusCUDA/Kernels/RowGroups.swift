/// How threads share the rows of an array: some threads of a warp, or a whole block, for each row.
///
/// ``code`` stands before the kernels of a source that takes ``lanes`` as a parameter.
struct RowGroups {
    let rows: Int
    /// The threads for each row: a power of two up to 32, or those of a block.
    let lanes: Int
    /// The threads of a block.
    let threads: Int

    /// - Parameters:
    ///   - length: the elements of a row.
    ///   - isContiguous: whether a row's elements are neighbours; else those of neighbouring rows are.
    init(rows: Int, length: Int, isContiguous: Bool) {
        self.rows = rows
        let isLong = length > (rows < 512 ? 256 : 1_024)
        if isContiguous ? isLong : length > 64 && rows < 4_096 {
            threads = length > 8_192 ? 1_024 : 256
            lanes = threads
        } else {
            threads = 128
            var lanes = 1
            while isContiguous, lanes < 32, lanes < length { lanes *= 2 }
            self.lanes = lanes
        }
    }

    var blocks: Int { (rows * lanes + threads - 1) / threads }

    static let code = """
        // One of the threads that share a row. Behind the last row there may be threads that only take part in what a
        // whole warp does together: they read the last row, and must not write.
        struct RowGroup {
            int64 row;
            int lane, lanes;
            bool isValid;
        };

        __device__ inline RowGroup row_group(int64 rows, int64 lanes) {
            const int64 row = (blockIdx.x * (int64)blockDim.x + threadIdx.x) / lanes;
            RowGroup group;
            group.row = row < rows ? row : rows - 1;
            group.lane = (int)(threadIdx.x % (unsigned)lanes);
            group.lanes = (int)lanes;
            group.isValid = row < rows;
            return group;
        }

        // Combines the values of a row's threads in a fixed order; each of them gets the result.
        template <typename Value, typename Combine>
        __device__ inline Value row_reduce(
            const RowGroup& group, Value value, Value identity, Combine combine) {
            if (group.lanes > 32) return apus_block_reduce(value, identity, combine);
            for (int distance = group.lanes / 2; distance > 0; distance /= 2)
                value = combine(value, __shfl_xor_sync(0xffffffffu, value, distance));
            return value;
        }

        template <typename Value> __device__ inline Value row_sum(const RowGroup& group, Value value) {
            return row_reduce(group, value, Value(0), Add());
        }

        """
}
