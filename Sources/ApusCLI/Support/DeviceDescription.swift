import ApusEngine
import ApusGraph

/// A device as people read it.
enum DeviceDescription {
    /// `cpu (2 threads, AVX-512)`.
    static func text(_ device: Device) -> String {
        guard let information = device.information else {
            return device.gpuName.map { "\(device) (\($0))" } ?? "\(device)"
        }
        return "\(device) (\(threads(information.threadCount)), \(information.instructionSet))"
    }

    /// `1 thread`, `2 threads`.
    static func threads(_ count: Int) -> String { count == 1 ? "1 thread" : "\(count) threads" }
}
