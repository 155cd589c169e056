import ApusGraph
import ApusPlan

/// Writes the kernel of a program of elementwise functions in CUDA C++.
///
/// The text knows functions, types and how inputs are read, but no shapes and no constants: those come in a structure
/// `Table` of members of 8 bytes, with the addresses of one or more parts (see ``PointwiseTable``). A thread computes
/// four neighbouring elements, which it reads and writes at once where their addresses allow it.
///
/// Macros: `PARTS`, the parts that a table holds; `I`, an unsigned type that numbers all elements; and `RANK`, the
/// number of dimensions, where an input is broadcast.
struct PointwiseGenerator {
    /// How an input is read.
    enum Access: Hashable {
        /// An element for each of the result.
        case whole
        /// The same, kept as numbers of 16 bits.
        case half(HalfType)
        /// One element for all.
        case single
        /// By strides.
        case broadcast

        /// The type of 16 bits; nil for others.
        var half: HalfType? {
            guard case .half(let type) = self else { return nil }
            return type
        }
    }

    /// Threads of a block.
    static let threads = 256
    /// Elements of a block.
    static let chunk = 4 * threads

    let program: FusedPointwise
    let accesses: [Access]
    /// What results are kept as that are kept as numbers of 16 bits, by their positions.
    let halfResults: [Int: HalfType]
    /// The program's constants in its order, as bits.
    let constants: [Int]
    /// Whether kernels get a fault to report to.
    let mayFail: Bool

    /// Throws where a function is not defined for the type of its inputs.
    init(_ program: FusedPointwise, _ accesses: [Access], halfResults: [Int: HalfType] = [:]) throws {
        self.program = program
        self.accesses = accesses
        self.halfResults = halfResults
        var constants: [Int] = []
        var mayFail = false
        for instruction in program.instructions {
            switch instruction.operation {
            case .constant(let value): constants.append(Self.bits(value, instruction.dtype))
            case .function(let function):
                let dtype = instruction.operands.last.map(program.dtype(of:)) ?? instruction.dtype
                guard !dtype.isFloatingPoint else { continue }
                if let refusal = PointwiseFunctions.refusal(function, dtype) { throw refusal }
                mayFail = mayFail || PointwiseFunctions.mayFail(function)
            }
        }
        self.constants = constants
        self.mayFail = mayFail
    }

    var broadcastInputs: [Int] { accesses.indices.filter { accesses[$0] == .broadcast } }

    /// A constant as a fill would store it.
    private static func bits(_ value: Double, _ dtype: DType) -> Int {
        switch dtype {
        case .float32: Int(Float(value).bitPattern)
        case .float64: Int(bitPattern: UInt(value.bitPattern))
        case .int64: Int(Int64(truncating: value))
        case .uint8: Int(UInt8(truncatingIfNeeded: Int64(truncating: value)))
        case .bool: value != 0 ? 1 : 0
        }
    }

    var source: KernelSource {
        let hasHalf = !halfResults.isEmpty || accesses.contains { $0.half != nil }
        let access = Self.accessCode + (hasHalf ? Self.halfCode : "")
        return KernelSource(name: "pointwise", code: PointwiseFunctions.code + access + table + kernel)
    }
}

// MARK: - The text

extension PointwiseGenerator {
    /// Reading and writing four elements of any type.
    private static let accessCode = """
        // Truth values are bytes in memory.
        template <typename T> struct Stored { typedef T Type; };
        template <> struct Stored<bool> { typedef uint8 Type; };

        template <typename T> struct alignas(sizeof(T) * 4 > 16 ? 16 : sizeof(T) * 4) Four { T values[4]; };

        template <typename T> __device__ inline T element(const void* from, int64 place) {
            const typename Stored<T>::Type value = ((const typename Stored<T>::Type*)from)[place];
            return Convert<T>::of(value);
        }
        template <> __device__ inline bool element<bool>(const void* from, int64 place) {
            return ((const uint8*)from)[place] != 0;
        }
        template <> __device__ inline int64 element<int64>(const void* from, int64 place) {
            return ((const int64*)from)[place];
        }
        template <> __device__ inline uint8 element<uint8>(const void* from, int64 place) {
            return ((const uint8*)from)[place];
        }

        // Behind the last of n elements stands the first one again, with which everything can be computed.
        template <typename T>
        __device__ inline void load(T (&values)[4], const void* from, int64 start, int n, bool isVector) {
            typedef typename Stored<T>::Type S;
            if (isVector) {
                const Four<S> four = *(const Four<S>*)((const S*)from + start);
                #pragma unroll
                for (int k = 0; k < 4; k++) values[k] = (T)four.values[k];
            } else {
                #pragma unroll
                for (int k = 0; k < 4; k++) values[k] = element<T>(from, start + (k < n ? k : 0));
            }
        }

        template <typename T>
        __device__ inline void store(const T (&values)[4], void* to, int64 start, int n, bool isVector) {
            typedef typename Stored<T>::Type S;
            S* target = (S*)to + start;
            if (isVector) {
                Four<S> four;
                #pragma unroll
                for (int k = 0; k < 4; k++) four.values[k] = (S)values[k];
                *(Four<S>*)target = four;
            } else {
                #pragma unroll
                for (int k = 0; k < 4; k++) if (k < n) target[k] = (S)values[k];
            }
        }

        template <typename T> __device__ inline T constant(int64 bits) { return (T)bits; }
        template <> __device__ inline float constant<float>(int64 bits) { return __int_as_float((int)bits); }
        template <> __device__ inline double constant<double>(int64 bits) { return __longlong_as_double(bits); }

        """

    /// The same for numbers that are kept as `H`, of 16 bits.
    private static let halfCode =
        KernelHalf.code + """
            template <typename H>
            __device__ inline void load_half(float (&values)[4], const void* from, int64 start, int n, bool isVector) {
                const H* source = (const H*)from + start;
                Four<H> four;
                if (isVector) {
                    four = *(const Four<H>*)source;
                } else {
                    #pragma unroll
                    for (int k = 0; k < 4; k++) four.values[k] = source[k < n ? k : 0];
                }
                #pragma unroll
                for (int k = 0; k < 4; k++) values[k] = apus_number(four.values[k]);
            }

            template <typename H>
            __device__ inline void store_half(const float (&values)[4], void* to, int64 start, int n, bool isVector) {
                H* target = (H*)to + start;
                Four<H> four;
                #pragma unroll
                for (int k = 0; k < 4; k++) apus_set(four.values[k], values[k]);
                if (isVector) {
                    *(Four<H>*)target = four;
                } else {
                    #pragma unroll
                    for (int k = 0; k < 4; k++) if (k < n) target[k] = four.values[k];
                }
            }


            """

    private var table: String {
        let strides = broadcastInputs.isEmpty ? "" : "int64 sizes[RANK]; int64 strides[\(broadcastInputs.count)][RANK];"
        return """
            // firstAndVector: twice the number of the part's first block, and 1 where four elements are read at once.
            struct Part {
                int64 count;
                int64 firstAndVector;
                const void* inputs[\(max(accesses.count, 1))];
                void* outputs[\(program.results.count)];
            };
            struct Table {
                int64 parts;
                int64 constants[\(max(constants.count, 1))];
                \(strides)
                Part part[PARTS];
            };

            """
    }

    private var kernel: String {
        let fault = mayFail ? ", Fault* fault, int64 code" : ""
        return """
            extern "C" __global__ void __launch_bounds__(\(Self.threads)) pointwise(
                const __grid_constant__ Table table\(fault)) {
                int number = 0;
            #if PARTS > 1
                for (int last = (int)table.parts - 1; number < last;) {
                    const int middle = (number + last + 1) / 2;
                    if ((table.part[middle].firstAndVector >> 1) <= blockIdx.x) number = middle;
                    else last = middle - 1;
                }
            #endif
                const Part& part = table.part[number];
                const I count = (I)part.count;
                const I start = (I)(blockIdx.x - (part.firstAndVector >> 1)) * \(Self.chunk) + threadIdx.x * 4;
                if (start >= count) return;
                const int n = count - start < 4 ? (int)(count - start) : 4;
                const bool isVector = n == 4 && (part.firstAndVector & 1);
            \(mayFail ? "    const FaultPlace place = {fault, code};\n" : "")\(offsets)\(loads)\
            \(program.results.indices.map { index in "    \(resultType(index)) y\(index)[4];\n" }.joined())\
                #pragma unroll
                for (int k = 0; k < 4; k++) {
            \(elementCode)\
                }
            \(stores)\
            }

            """
    }

    private func resultType(_ index: Int) -> String { program.dtype(of: program.results[index]).cudaName }

    /// Where the four elements of each broadcast input lie: by division for the first one, then step by step.
    private var offsets: String {
        guard !broadcastInputs.isEmpty else { return "" }
        let inputs = broadcastInputs.count
        return """
                I position[RANK], offset[\(inputs)] = {}, offsets[\(inputs)][4];
                I rest = start;
                #pragma unroll
                for (int d = RANK - 1; d >= 0; d--) {
                    const I next = d > 0 ? rest / (I)table.sizes[d] : 0;
                    position[d] = d > 0 ? rest - next * (I)table.sizes[d] : rest;
                    rest = next;
                    #pragma unroll
                    for (int j = 0; j < \(inputs); j++) offset[j] += position[d] * (I)table.strides[j][d];
                }
                #pragma unroll
                for (int k = 0; k < 4; k++) {
                    #pragma unroll
                    for (int j = 0; j < \(inputs); j++) offsets[j][k] = k < n ? offset[j] : offsets[j][0];
                    bool moves = k + 1 < n;
                    #pragma unroll
                    for (int d = RANK - 1; d >= 0; d--) {
                        if (!moves) continue;
                        position[d]++;
                        moves = d > 0 && position[d] == (I)table.sizes[d];
                        #pragma unroll
                        for (int j = 0; j < \(inputs); j++) {
                            offset[j] += (I)table.strides[j][d];
                            if (moves) offset[j] -= (I)table.strides[j][d] * (I)table.sizes[d];
                        }
                        if (moves) position[d] = 0;
                    }
                }

            """
    }

    private var loads: String {
        accesses.enumerated().map { index, access in
            let type = program.inputTypes[index].cudaName
            switch access {
            case .whole, .half:
                let load = access.half.map { "load_half<\($0.kernelName)>" } ?? "load"
                return "    \(type) x\(index)[4];\n"
                    + "    \(load)(x\(index), part.inputs[\(index)], start, n, isVector);\n"
            case .single:
                return "    const \(type) x\(index) = element<\(type)>(part.inputs[\(index)], 0);\n"
            case .broadcast:
                let place = broadcastInputs.firstIndex(of: index) ?? 0
                return "    \(type) x\(index)[4];\n    #pragma unroll\n    for (int k = 0; k < 4; k++) "
                    + "x\(index)[k] = element<\(type)>(part.inputs[\(index)], offsets[\(place)][k]);\n"
            }
        }.joined()
    }

    private var stores: String {
        program.results.indices.map { index in
            let store = halfResults[index].map { "store_half<\($0.kernelName)>" } ?? "store"
            return "    \(store)(y\(index), part.outputs[\(index)], start, n, isVector);\n"
        }.joined()
    }

    /// The program for the element k of the four.
    private var elementCode: String {
        var lines = accesses.enumerated().map { index, access in
            "const \(program.inputTypes[index].cudaName) r\(index) = x\(index)\(access == .single ? "" : "[k]");"
        }
        var constant = 0
        for (position, instruction) in program.instructions.enumerated() {
            let type = instruction.dtype.cudaName
            let value: String
            switch instruction.operation {
            case .constant:
                value = "constant<\(type)>(table.constants[\(constant)])"
                constant += 1
            case .function(let function):
                value = "Convert<\(type)>::of(\(call(function, instruction.operands)))"
            }
            lines.append("const \(type) r\(accesses.count + position) = \(value);")
        }
        lines += program.results.enumerated().map { "y\($0)[k] = r\($1);" }
        return lines.map { "        \($0)\n" }.joined()
    }

    /// A function in `float`, `double` or `int64`, by the type of its last operand.
    private func call(_ function: PointwiseFunction, _ operands: [Int]) -> String {
        let dtype = program.dtype(of: operands[operands.count - 1])
        let type = dtype.isFloatingPoint ? dtype.cudaName : "int64"
        let values = operands.map { program.dtype(of: $0).cudaName == type ? "r\($0)" : "(\(type))r\($0)" }
        if function == .select {
            return "(r\(operands[0]) != 0 ? \(values[1]) : \(values[2]))"
        }
        if dtype.isFloatingPoint {
            return (function.isPredicate ? "(int64)" : "") + "real_\(function)(\(values.joined(separator: ", ")))"
        }
        let place = PointwiseFunctions.mayFail(function) ? ", place" : ""
        return "integer_\(function)(\(values.joined(separator: ", "))\(place))"
    }
}
