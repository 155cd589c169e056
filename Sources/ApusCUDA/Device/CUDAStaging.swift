import CCUDA

/// Copies between the processor's and the GPU's memory, through memory that both reach.
///
/// Memory that the system may move cannot be copied while the program goes on. What is to be copied to the GPU is first
/// copied into one of two halves of a block that stays where it is; each half is used again once the GPU has read it.
final class CUDAStaging: @unchecked Sendable {
    private let driver: UnsafePointer<ApusDriver>
    private let stream: ApusCUstream
    private let block: UnsafeMutableRawPointer
    private var events: [ApusCUevent] = []
    private var half = 0
    private var used = 0

    /// A batch of 256 images of ImageNet's size in single precision takes ten such halves; larger blocks copy no faster.
    private static let halfBytes = 16 << 20

    init(_ driver: UnsafePointer<ApusDriver>, _ stream: ApusCUstream) throws {
        (self.driver, self.stream) = (driver, stream)
        var block: UnsafeMutableRawPointer?
        try driver.check(driver.pointee.cuMemHostAlloc(&block, 2 * Self.halfBytes, 0), "take memory for copies")
        guard let block else { throw CUDAError("the CUDA driver gave no memory for copies.") }
        self.block = block
        for _ in 0..<2 {
            var event: ApusCUevent?
            try driver.check(
                driver.pointee.cuEventCreate(&event, UInt32(ApusCUDAEventDisableTiming)), "make an event")
            if let event { events.append(event) }
        }
    }

    /// Puts a copy to the GPU into the queue; the source may change as soon as this returns.
    func copyToDevice(_ target: ApusCUaddress, from source: UnsafeRawBufferPointer) throws {
        guard let start = source.baseAddress else { return }
        var done = 0
        while done < source.count {
            if used == Self.halfBytes { try changeHalves() }
            let count = min(source.count - done, Self.halfBytes - used)
            let place = block + half * Self.halfBytes + used
            place.copyMemory(from: start + done, byteCount: count)
            try driver.check(
                driver.pointee.cuMemcpyHtoDAsync(target + ApusCUaddress(done), place, count, stream), "copy to the GPU")
            done += count
            used = min(Self.halfBytes, (used + count + 255) / 256 * 256)
        }
    }

    private func changeHalves() throws {
        try driver.check(driver.pointee.cuEventRecord(events[half], stream), "copy to the GPU")
        half = 1 - half
        used = 0
        try driver.check(driver.pointee.cuEventSynchronize(events[half]), "copy to the GPU")
    }

    /// Waits for the queue and copies from the GPU.
    func copyToHost(_ target: UnsafeMutableRawBufferPointer, from source: ApusCUaddress) throws {
        guard let base = target.baseAddress, !target.isEmpty else { return }
        try driver.check(driver.pointee.cuMemcpyDtoHAsync(base, source, target.count, stream), "copy from the GPU")
        try driver.check(driver.pointee.cuStreamSynchronize(stream), "compute")
    }
}
