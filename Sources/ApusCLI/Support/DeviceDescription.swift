import ApusCPU
import ApusGraph

/// A device as people read it.
enum DeviceDescription {
    /// `cpu (2 threads, AVX-512)`.
    static func text(_ device: Device) -> String {
        switch device {
        case .cpu: "cpu (\(threads(CPUInfo.threadCount)), \(CPUInfo.instructionSet))"
        case .cuda: "\(device)"
        }
    }

    /// `1 thread`, `2 threads`.
    static func threads(_ count: Int) -> String { count == 1 ? "1 thread" : "\(count) threads" }
}
