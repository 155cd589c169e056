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
}
