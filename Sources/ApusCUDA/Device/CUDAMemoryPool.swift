import ApusGraph
import CCUDA
import Synchronization

/// The GPU's memory in blocks, which are kept when tensors release them, since the driver takes milliseconds for each.
///
/// A released block may be handed out at once, although the GPU may still work with it: all work goes through one queue,
/// so that who gets it works with it later.
public final class CUDAMemoryPool: Sendable {
    /// Figures in bytes.
    public struct Counters: Sendable, Hashable {
        /// In use by tensors and plans.
        public var bytesInUse = 0
        /// The most that was in use since the program started.
        public var peakBytesInUse = 0
        /// Kept for later.
        public var bytesKept = 0
        /// How many blocks were taken from the driver.
        public var allocations = 0
    }

    private struct State {
        var kept: [Int: [ApusCUaddress]] = [:]
        var counters = Counters()
    }

    private let driver: Driver
    private let device: Int
    private let state = Mutex(State())

    private struct Driver: @unchecked Sendable {
        let table: UnsafePointer<ApusDriver>
    }

    init(_ driver: UnsafePointer<ApusDriver>, device: Int) {
        (self.driver, self.device) = (Driver(table: driver), device)
    }

    public var counters: Counters { state.withLock { $0.counters } }

    /// The GPU's memory in bytes: all of it, and what nobody has taken.
    public func total() throws -> (free: Int, total: Int) {
        var (free, total) = (0, 0)
        try driver.table.check(driver.table.pointee.cuMemGetInfo(&free, &total), "ask for the memory")
        return (free, total)
    }

    /// A block of at least `byteCount` bytes, whose contents are undefined.
    ///
    /// Where there is not enough, all blocks that are kept are given back to the driver first. Throws a ``TensorError``
    /// that says how much was asked for, held and free, where there is still not enough.
    public func storage(byteCount: Int) throws -> Storage {
        let capacity = StoragePool.roundedSize(byteCount)
        let address = try take(capacity)
        guard let pointer = UnsafeMutableRawPointer(bitPattern: UInt(address)) else {
            throw CUDAError("the CUDA driver gave memory at address 0.")
        }
        return Storage(byteCount: byteCount, at: pointer, on: .cuda(device)) { [self] in give(address, capacity) }
    }

    private func take(_ capacity: Int) throws -> ApusCUaddress {
        try state.withLock { state in
            let address: ApusCUaddress
            if let kept = state.kept[capacity]?.popLast() {
                state.counters.bytesKept -= capacity
                address = kept
            } else {
                address = try allocate(capacity, &state)
                state.counters.allocations += 1
            }
            state.counters.bytesInUse += capacity
            state.counters.peakBytesInUse = max(state.counters.peakBytesInUse, state.counters.bytesInUse)
            return address
        }
    }

    private func allocate(_ capacity: Int, _ state: inout State) throws -> ApusCUaddress {
        var address: ApusCUaddress = 0
        var result = driver.table.pointee.cuMemAlloc(&address, capacity)
        if result == ApusCUDAOutOfMemory {
            release(&state)
            result = driver.table.pointee.cuMemAlloc(&address, capacity)
        }
        if result == ApusCUDAOutOfMemory {
            let free = try total().free
            throw TensorError(
                "cuda:\(device)",
                "out of memory: \(capacity) bytes were asked for, tensors hold \(state.counters.bytesInUse), "
                    + "\(free) are free. Use smaller batches, or let go of tensors.")
        }
        try driver.table.check(result, "take \(capacity) bytes of memory")
        return address
    }

    private func give(_ address: ApusCUaddress, _ capacity: Int) {
        state.withLock { state in
            state.counters.bytesInUse -= capacity
            state.counters.bytesKept += capacity
            state.kept[capacity, default: []].append(address)
        }
    }

    /// Gives all memory back that nobody uses.
    public func releaseKept() { state.withLock { release(&$0) } }

    private func release(_ state: inout State) {
        for addresses in state.kept.values {
            for address in addresses { _ = driver.table.pointee.cuMemFree(address) }
        }
        state.kept = [:]
        state.counters.bytesKept = 0
    }
}
