import ApusGraph
import CCUDA

/// Results on their way to the processor's memory, behind the work in the queue that computes them.
///
/// The queue goes on meanwhile: who waits waits for these copies, not for what was put into the queue behind them.
public final class CUDADeferredRead: @unchecked Sendable {
    /// The most bytes of one read, each result counted with ``takenBytes(_:)``.
    public static let byteLimit = CUDAReadSlot.byteLimit

    private let device: CUDADevice
    private let context: CUDAContext
    private let slot: CUDAReadSlot
    /// Where in the slot each result goes.
    private let places: [Range<Int>]
    /// How many faults had been reported when the copies were put into the queue.
    private let reportedFaults: Int

    init(_ sources: [(storage: Storage, byteCount: Int)], from device: CUDADevice) throws {
        var places: [Range<Int>] = []
        for source in sources {
            let start = Self.takenBytes(places.last?.upperBound ?? 0)
            places.append(start..<start + source.byteCount)
        }
        let end = places.last?.upperBound ?? 0
        precondition(end <= Self.byteLimit, "CUDADeferredRead: \(end) bytes are more than \(Self.byteLimit)")
        (self.device, self.places) = (device, places)
        context = try device.context()
        reportedFaults = context.reportedFaults
        slot = try context.readSlots.take()
        do {
            try context.readLater(Array(zip(sources.map(\.storage), places)), into: slot)
        } catch {
            context.readSlots.give(slot)
            throw error
        }
    }

    /// What a result of so many bytes takes of the limit: the next one begins where numbers of any type may.
    public static func takenBytes(_ byteCount: Int) -> Int { (byteCount + 7) / 8 * 8 }

    // Copies that are still to come are done before those of the slot's next user: there is one queue.
    deinit { context.readSlots.give(slot) }

    /// Whether the results are there; never waits, and may be called on any thread.
    public func isReady() throws -> Bool {
        let result = context.driver.pointee.cuEventQuery(slot.event)
        if result == Int32(ApusCUDANotReady) { return false }
        try context.driver.check(result, "compute")
        return true
    }

    /// Waits until the results are there; may be called on any thread, beside the one that runs plans.
    public func wait() throws {
        try context.makeCurrent()
        try context.driver.check(context.driver.pointee.cuEventSynchronize(slot.event), "compute")
    }

    /// Whether a kernel had met by then what it could not compute with; once the results are there.
    public var hasFault: Bool { slot.noted.code != 0 }

    /// Throws the error that a kernel had reported by then, unless another read has reported it since; once the results
    /// are there, and on the thread that runs plans.
    public func reportFault() throws {
        // A fault stays noted until it is reported, so that reads which were in the queue by then have it too.
        guard hasFault, context.reportedFaults == reportedFaults else { return }
        try context.forgetFault()
        throw device.error(of: slot.noted)
    }

    /// The bytes of a result, which stay where they are as long as this object lives; once they are there.
    public func bytes(of index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: slot.memory + places[index].lowerBound, count: places[index].count)
    }
}
