import ApusCPU
import ApusGraph

/// What a device computes with.
public struct DeviceInformation: Sendable, Hashable {
    /// How many threads compute.
    public let threadCount: Int
    /// The vector instructions of the kernels, as people write them: `AVX-512`, `AVX2` or `baseline`.
    public let instructionSet: String
    /// The version of oneDNN.
    public let oneDNNVersion: String
}

extension Device {
    /// The best device of this machine that the engine has a backend for.
    public static var best: Device { .cpu }

    /// What the device computes with; nil where the engine has no backend for it.
    public var information: DeviceInformation? {
        guard self == .cpu else { return nil }
        return DeviceInformation(
            threadCount: CPUInfo.threadCount, instructionSet: CPUInfo.instructionSet,
            oneDNNVersion: CPUInfo.oneDNNVersion)
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
