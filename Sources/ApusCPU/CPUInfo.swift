import ApusGraph
import CKernels
import COneDNN
import Foundation

/// What the CPU backend found: threads and instruction set.
public enum CPUInfo {
    /// How many threads compute: `APUS_NUM_THREADS`, or the CPUs that the process may use (its affinity mask and its
    /// control group's quota).
    public static let threadCount: Int = {
        if let text = ProcessInfo.processInfo.environment["APUS_NUM_THREADS"] {
            if let count = Int(text), (1...1024).contains(count) { return count }
            FileHandle.standardError.write(
                Data("APUS_NUM_THREADS=\(text): not a number of threads from 1 to 1024; it is ignored\n".utf8))
        }
        return Int(apus_available_cpus())
    }()

    /// The size of the cache farthest from the cores, or 32 MiB where the system does not tell.
    static let lastCacheBytes: Int = {
        #if canImport(Glibc)
            let size = sysconf(Int32(_SC_LEVEL3_CACHE_SIZE))
            if size > 0 { return size }
        #endif
        return 32 << 20
    }()

    /// The instruction set of the kernels, as people write it: `AVX-512`, `AVX2` or `baseline`.
    public static var instructionSet: String {
        switch apus_kernels_isa() {
        case ApusISAAVX512: "AVX-512"
        case ApusISAAVX2: "AVX2"
        default: "baseline"
        }
    }

    /// Whether the processor multiplies numbers of `bfloat16` (AVX512_BF16 or AMX), and `APUS_MAX_ISA` lets it.
    public static let supportsBFloat16: Bool = {
        let name = String(cString: apus_onednn_cpu_isa())
        return ["bf16", "fp16", "amx"].contains { name.hasPrefix("avx512_core_\($0)") }
    }()

    /// Throws where there are no kernels for products of a precision of 16 bits: of `float16` on any processor, of `bfloat16`
    /// where there are no instructions for them.
    static func check(_ precision: Precision, of operation: String) throws {
        guard precision != .float16 else {
            throw TensorError(
                operation,
                "CPUs have no kernels for float16. Compute on a GPU (cuda:0), use bfloat16 where "
                    + "the processor has it, or leave autocast out.")
        }
        guard precision != .bfloat16 || supportsBFloat16 else {
            throw TensorError(
                operation,
                "this processor (\(instructionSet)) has no instructions for bfloat16: AVX512_BF16 or AMX is needed. "
                    + "Leave autocast out.")
        }
    }

    /// The version of oneDNN.
    public static var oneDNNVersion: String {
        var version: (major: Int32, minor: Int32, patch: Int32) = (0, 0, 0)
        apus_onednn_version(&version.major, &version.minor, &version.patch)
        return "\(version.major).\(version.minor).\(version.patch)"
    }

    /// Products and sums that all threads together compute in a second, at most: measured, for 0.1 s, on the calling
    /// thread, which is to be the one that runs plans.
    public static func measurePeakMultiplyAdds() -> Double {
        let clock = ContinuousClock()
        // 0.2 ms of work: long beside the start of a parallel region, short beside what interrupts it.
        let rounds: Int64 = 100_000
        var best = 0.0
        let end = clock.now + .milliseconds(100)
        while clock.now < end {
            withUnsafeTemporaryAllocation(of: Int64.self, capacity: threadCount) { counts in
                counts.initialize(repeating: 0)
                let start = clock.now
                Parallel.tasks(threadCount) { task, _ in
                    var count: Int64 = 0
                    var result: Float = 0
                    apus_peak_multiply_adds(rounds, &count, &result)
                    counts[task] = count
                }
                let seconds = start.duration(to: clock.now) / .seconds(1)
                best = max(best, Double(counts.reduce(0, +)) / seconds)
            }
        }
        return best
    }
}
