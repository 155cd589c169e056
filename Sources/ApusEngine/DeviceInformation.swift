import ApusCPU
import ApusCUDA
import ApusGraph
import Foundation

/// What a device computes with.
public struct DeviceInformation: Sendable, Hashable {
    /// How many threads compute.
    public let threadCount: Int
    /// The vector instructions of the kernels, as people write them: `AVX-512`, `AVX2` or `baseline`.
    public let instructionSet: String
    /// The version of oneDNN.
    public let oneDNNVersion: String
    /// Whether products can be formed in `bfloat16` (``/ApusGraph/autocast(_:_:)``).
    public let supportsBFloat16: Bool
}

/// What a GPU's memory is used for, in bytes.
public struct DeviceMemoryStatistics: Sendable, Hashable {
    /// In use by tensors and plans (`torch.cuda.memory_allocated`).
    public let bytesInUse: Int
    /// The most that was in use since the program started (`torch.cuda.max_memory_allocated`).
    public let peakBytesInUse: Int
    /// Released by tensors and kept for later.
    public let bytesKept: Int
}

extension Device {
    /// The best device of this machine: the first GPU where there is one that can be computed on, else the CPU.
    ///
    /// `APUS_BACKEND` (`cpu` or `reference`) keeps computations on the CPU.
    public static var best: Device {
        guard ProcessInfo.processInfo.environment["APUS_BACKEND"] == nil, Device.cuda(0).reasonForAbsence == nil else {
            return .cpu
        }
        return .cuda(0)
    }

    /// The name of a GPU, such as `NVIDIA H100 80GB HBM3`; nil for other devices, and where it cannot be opened.
    public var gpuName: String? {
        guard case .cuda(let index) = self else { return nil }
        return (try? CUDADevice.numbered(index).context())?.properties.name
    }

    /// What a GPU's memory is used for, in bytes; nil for other devices, and where it cannot be opened.
    public var memoryStatistics: DeviceMemoryStatistics? {
        guard case .cuda(let index) = self, let memory = (try? CUDADevice.numbered(index).context())?.memory else {
            return nil
        }
        let counters = memory.counters
        return DeviceMemoryStatistics(
            bytesInUse: counters.bytesInUse, peakBytesInUse: counters.peakBytesInUse, bytesKept: counters.bytesKept)
    }

    /// The bytes of a GPU's memory that tensors could still take: what nobody has taken, and what is kept for later; nil
    /// for other devices, and where it cannot be asked.
    public var freeMemory: Int? {
        guard case .cuda(let index) = self, let context = try? CUDADevice.numbered(index).context() else { return nil }
        var free: Int?
        try? Engine.shared.onComputeThread {
            try context.makeCurrent()
            free = try context.memory.total().free + context.memory.counters.bytesKept
        }
        return free
    }

    /// Gives the memory back to the GPU that tensors have released and that is kept for later
    /// (`torch.cuda.empty_cache`); does nothing on other devices.
    public func releaseKeptMemory() {
        guard case .cuda(let index) = self else { return }
        (try? CUDADevice.numbered(index).context())?.memory.releaseKept()
    }

    /// What the device computes with; nil where the engine has no backend for it.
    public var information: DeviceInformation? {
        guard self == .cpu else { return nil }
        return DeviceInformation(
            threadCount: CPUInfo.threadCount, instructionSet: CPUInfo.instructionSet,
            oneDNNVersion: CPUInfo.oneDNNVersion, supportsBFloat16: CPUInfo.supportsBFloat16)
    }

    /// Products with sums of 32-bit floats that all threads together compute in a second, at most: measured, in a tenth of a
    /// second. nil where the engine has no backend for the device.
    public func measurePeakMultiplyAdds() throws -> Double? {
        guard self == .cpu else { return nil }
        var peak = 0.0
        try Engine.shared.onComputeThread { peak = CPUInfo.measurePeakMultiplyAdds() }
        return peak
    }
}
