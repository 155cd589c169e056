/// Division by sizes that are known when a step is made: a multiplication and a shift in the place of some twenty
/// instructions, for numbers below 2³¹.
enum KernelDivision {
    /// CUDA C++ that sources put before their kernels; `I`, the type of indices, is `int` or `int64`.
    static let code = """
        // The quotient of n >= 0. The magic number belongs to the divisor (KernelDivision.magic).
        __device__ inline int apus_divide(int n, int64 divisor, int64 magic) {
            const unsigned multiplier = (unsigned)magic;
            return multiplier == 0 ? n : (int)(__umulhi((unsigned)n, multiplier) >> (int)(magic >> 32));
        }

        __device__ inline int64 apus_divide(int64 n, int64 divisor, int64 magic) { return n / divisor; }


        """

    /// What `apus_divide` needs to know of a divisor: a multiplier in the low 32 bits, a shift above.
    ///
    /// With 2^l ≥ d the multiplier m = ⌈2^(31 + l) / d⌉ has 32 bits, and n · m / 2^(31 + l) exceeds n / d by less than
    /// 1 / d for n < 2³¹ (Granlund & Montgomery 1994). 0 stands for a divisor of 1, and for those that are too large.
    static func magic(_ divisor: Int) -> Int {
        guard divisor > 1, divisor <= 1 << 30 else { return 0 }
        let bits = Int.bitWidth - (divisor - 1).leadingZeroBitCount
        let multiplier = ((1 << (31 + bits)) + divisor - 1) / divisor
        return multiplier | (bits - 1) << 32
    }

    /// The macro `I` for indices below `count`.
    static func indexType(below count: Int) -> String { count <= 1 << 30 ? "int" : "int64" }
}
