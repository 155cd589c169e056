import ApusGraph

extension KernelSource {
    /// `T`: the type of the elements; `A`: that of their sums; `U`: that of the keys; `I`: that of positions.
    fileprivate static let sums = KernelSource(
        name: "sums of equal keys",
        code: """
            // y [outer, size, inner] and source [outer, length, inner]: adds to each slice of y the slices of its key, in
            // their order. The thread of the first of equal keys adds them all up; keys from `size` on are left out.
            extern "C" __global__ void add_equal_keys(
                const T* __restrict__ source, const U* __restrict__ keys, const unsigned int* __restrict__ order,
                T* __restrict__ y, int64 length, int64 size, int64 inner, int64 count) {
                APUS_LOOP(i, count) {
                    const I line = (I)i / (I)inner;
                    const int64 column = i - (int64)line * inner;
                    const int64 o = (int64)(line / (I)length);
                    int64 place = (int64)line - o * length;
                    const U key = keys[place];
                    if ((int64)key >= size || (place > 0 && keys[place - 1] == key)) continue;
                    const T* own = source + o * length * inner + column;
                    T* target = y + (o * size + (int64)key) * inner + column;
                    A sum = (A)*target;
                    // Several at once, so that the loads do not wait for each other.
                    for (; place + 8 <= length && keys[place + 7] == key; place += 8) {
                        A next[8];
                        for (int k = 0; k < 8; k++) next[k] = (A)own[(int64)order[place + k] * inner];
                        for (int k = 0; k < 8; k++) sum += next[k];
                    }
                    for (; place < length && keys[place] == key; place++) sum += (A)own[(int64)order[place] * inner];
                    *target = (T)sum;
                }
            }
            """)
}

/// Adds slices to those of a tensor that their keys name: always in the order in which they stand, for the same bits in
/// every run.
///
/// The keys are sorted first, so that equal ones are neighbours. Sums are in double precision, or of integers.
struct RunningSums: Sendable {
    let sort: PairSort
    private let outer: Int
    private let size: Int
    private let inner: Int
    private let kernel: CUDAKernel

    /// - Parameters:
    ///   - dtype: the type of the elements.
    ///   - outer: the target is [outer, size, inner].
    ///   - size: keys are below it, or equal to it where the slice is left out.
    ///   - inner: the elements of a slice.
    ///   - length: the number of slices: the source is [outer, length, inner].
    ///   - operation: the name in errors.
    init(_ dtype: DType, outer: Int, size: Int, inner: Int, length: Int, operation: String) throws {
        (self.outer, self.size, self.inner) = (outer, size, inner)
        let bits = Int.bitWidth - size.leadingZeroBitCount
        sort = try PairSort(rows: 1, length: length, bits: bits, operation: operation)
        kernel = CUDAKernel(
            .sums, "add_equal_keys", types: ["T": dtype],
            macros: [
                "A": dtype.isFloatingPoint ? "double" : "unsigned long long", "U": sort.keyName,
                "I": ElementBits.indexName(count: outer * length * inner),
            ])
    }

    /// Puts the sums into the device's queue; the keys stand at the start of the scratch memory.
    func run(
        on device: CUDADevice, adding source: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer,
        _ scratch: UnsafeMutableRawPointer
    ) throws {
        let count = outer * sort.length * inner
        guard count > 0 else { return }
        let (keys, order) = try sort.run(on: device, rows: 1, scratch)
        try kernel.launch(
            on: device, count: count, .address(source), .address(keys), .address(order), .address(target),
            .int(sort.length), .int(size), .int(inner), .int(count))
    }
}
