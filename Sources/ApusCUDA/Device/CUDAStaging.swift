import CCUDA

/// Copies between the processor's and the GPU's memory, through memory that both reach.
///
/// Memory that the system may move cannot be copied while the program goes on. What is to be copied to the GPU is first
/// copied into one of two halves of a block that stays where it is; each half is used again once the GPU has read it.
final class CUDAStaging: @unchecked Sendable {
    private let driver: UnsafePointer<ApusDriver>
    private let stream: ApusCUstream
    private let block: UnsafeMutableRawPointer
    /// Where small results are copied to, and behind them the fault.
    private let answers: UnsafeMutableRawPointer
    private var events: [ApusCUevent] = []
    private var half = 0
    private var used = 0

    /// A batch of 256 images of ImageNet's size in single precision takes ten such halves; larger blocks copy no faster.
    private static let halfBytes = 16 << 20

    /// A page: losses and counts take a few bytes, the logits of a batch fit.
    private static let answerBytes = 4096

    init(_ driver: UnsafePointer<ApusDriver>, _ stream: ApusCUstream) throws {
        (self.driver, self.stream) = (driver, stream)
        var block: UnsafeMutableRawPointer?
        try driver.check(driver.pointee.cuMemHostAlloc(&block, 2 * Self.halfBytes, 0), "take memory for copies")
        guard let block else { throw CUDAError("the CUDA driver gave no memory for copies.") }
        self.block = block
        var answers: UnsafeMutableRawPointer?
        try driver.check(
            driver.pointee.cuMemHostAlloc(&answers, Self.answerBytes + MemoryLayout<ApusFault>.stride, 0),
            "take memory for copies")
        guard let answers else { throw CUDAError("the CUDA driver gave no memory for copies.") }
        self.answers = answers
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

    /// Waits for the queue and copies from the GPU; the fault that was noted there comes with it, for one wait in all.
    func copyToHost(
        _ target: UnsafeMutableRawBufferPointer, from source: ApusCUaddress, fault: ApusCUaddress
    ) throws -> ApusFault {
        let noted = answers + Self.answerBytes
        try driver.check(
            driver.pointee.cuMemcpyDtoHAsync(noted, fault, MemoryLayout<ApusFault>.size, stream), "copy from the GPU")
        // Memory that the system may move is copied by the driver piece by piece; a loss must not wait for that.
        let isSmall = target.count <= Self.answerBytes
        if let base = target.baseAddress, !target.isEmpty {
            try driver.check(
                driver.pointee.cuMemcpyDtoHAsync(isSmall ? answers : base, source, target.count, stream),
                "copy from the GPU")
        }
        try driver.check(driver.pointee.cuStreamSynchronize(stream), "compute")
        if isSmall { target.copyMemory(from: UnsafeRawBufferPointer(start: answers, count: target.count)) }
        return noted.load(as: ApusFault.self)
    }
}
