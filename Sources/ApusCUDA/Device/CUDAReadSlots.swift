import CCUDA
import Synchronization

/// A page of the processor's memory that the GPU writes results to while the program goes on, and an event that tells
/// when it has.
struct CUDAReadSlot: @unchecked Sendable {
    /// A page, the least that the driver fixes in memory: losses and counts take a few bytes.
    private static let pageBytes = 4096

    /// The most bytes of results.
    static let byteLimit = pageBytes - MemoryLayout<ApusFault>.stride

    let memory: UnsafeMutableRawPointer
    let event: ApusCUevent

    /// Where the fault is copied to.
    var fault: UnsafeMutableRawPointer { memory + Self.byteLimit }

    /// The fault that was copied.
    var noted: ApusFault { fault.load(as: ApusFault.self) }

    fileprivate init(_ driver: UnsafePointer<ApusDriver>) throws {
        var memory: UnsafeMutableRawPointer?
        try driver.check(driver.pointee.cuMemHostAlloc(&memory, Self.pageBytes, 0), "take memory for copies")
        var event: ApusCUevent?
        try driver.check(driver.pointee.cuEventCreate(&event, UInt32(ApusCUDAEventDisableTiming)), "make an event")
        guard let memory, let event else { throw CUDAError("the CUDA driver gave no memory for copies.") }
        (self.memory, self.event) = (memory, event)
    }
}

/// The slots of one device that nobody uses at the moment: as many are made as are in use at once.
final class CUDAReadSlots: Sendable {
    private struct State: @unchecked Sendable {
        let driver: UnsafePointer<ApusDriver>
        var free: [CUDAReadSlot] = []
    }

    private let state: Mutex<State>

    init(_ driver: UnsafePointer<ApusDriver>) { state = Mutex(State(driver: driver)) }

    func take() throws -> CUDAReadSlot {
        try state.withLock { state in
            if let slot = state.free.popLast() { return slot }
            return try CUDAReadSlot(state.driver)
        }
    }

    func give(_ slot: CUDAReadSlot) { state.withLock { $0.free.append(slot) } }
}
