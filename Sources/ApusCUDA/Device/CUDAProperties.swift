import CCUDA

/// What a GPU is.
public struct CUDAProperties: Sendable, Hashable {
    /// As the driver has it: `NVIDIA H100 80GB HBM3`.
    public let name: String
    /// The compute capability: 9 and 0 for an H100.
    public let major: Int
    public let minor: Int
    public let multiprocessors: Int
    /// The whole memory in bytes.
    public let memoryBytes: Int

    /// What NVRTC is to compile for: `sm_90`.
    public var architecture: String { "sm_\(major)\(minor)" }

    init(_ driver: UnsafePointer<ApusDriver>, _ index: Int) throws {
        var device: Int32 = 0
        try driver.check(driver.pointee.cuDeviceGet(&device, Int32(index)), "find the GPU \(index)")
        func attribute(_ attribute: Int) throws -> Int {
            var value: Int32 = 0
            try driver.check(
                driver.pointee.cuDeviceGetAttribute(&value, Int32(attribute), device), "ask for the GPU's properties")
            return Int(value)
        }
        var text = [CChar](repeating: 0, count: 256)
        try driver.check(
            driver.pointee.cuDeviceGetName(&text, Int32(text.count), device), "ask for the GPU's name")
        name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        major = try attribute(ApusCUDAComputeCapabilityMajor)
        minor = try attribute(ApusCUDAComputeCapabilityMinor)
        multiprocessors = try attribute(ApusCUDAMultiprocessorCount)
        var bytes = 0
        try driver.check(driver.pointee.cuDeviceTotalMem(&bytes, device), "ask for the GPU's memory")
        memoryBytes = bytes
    }
}
