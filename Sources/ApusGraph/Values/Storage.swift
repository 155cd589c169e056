import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A block of memory that holds a tensor's elements, row-major.
///
/// Blocks are aligned to 64 bytes (a cache line and a 512-bit vector) and return to a pool when they are released, so
/// that a training loop takes nothing from the system after its first steps. A block is written by exactly one plan,
/// before anybody else can see it; that is what makes it safe to share.
public final class Storage: @unchecked Sendable {
    /// The address in the memory of ``device``: only the processor's own can be read through it.
    public let pointer: UnsafeMutableRawPointer
    /// The size asked for; the block itself may be larger.
    public let byteCount: Int
    /// Whose memory it is.
    public let device: Device
    /// How a device's memory is given back; nil for a block of the pool.
    private let release: (@Sendable () -> Void)?
    /// The size of a block of the pool.
    private let capacity: Int
    /// A number that no other contents have.
    public var contents: UInt64 { contentsNow.load(ordering: .relaxed) }
    private let contentsNow: Atomic<UInt64>

    private static let contentsCounter = Atomic<UInt64>(0)

    private static func nextContents() -> UInt64 { contentsCounter.add(1, ordering: .relaxed).newValue }

    /// Takes a block of at least `byteCount` bytes of the processor's memory, whose contents are undefined.
    public init(byteCount: Int) {
        self.byteCount = byteCount
        contentsNow = Atomic(Self.nextContents())
        device = .cpu
        (pointer, capacity) = StoragePool.take(byteCount)
        release = nil
    }

    /// Takes a block of a device's memory over; `release` gives it back.
    public init(
        byteCount: Int, at pointer: UnsafeMutableRawPointer, on device: Device,
        release: @escaping @Sendable () -> Void
    ) {
        (self.byteCount, self.pointer, self.device, self.release) = (byteCount, pointer, device, release)
        capacity = byteCount
        contentsNow = Atomic(Self.nextContents())
    }

    /// To be called by the engine, which alone writes over memory that tensors have seen.
    public func willBeOverwritten() { contentsNow.store(Self.nextContents(), ordering: .relaxed) }

    deinit {
        if let release { release() } else { StoragePool.give(pointer, capacity: capacity) }
    }
}

/// The blocks that no tensor uses at the moment, by size.
public enum StoragePool {
    /// Figures that tests and `apus bench` read.
    public struct Counters: Sendable {
        /// How many blocks were taken from the system since the program started.
        public var allocations = 0
        /// How many bytes are in use by tensors and plans.
        public var bytesInUse = 0
        /// How many bytes wait in the pool.
        public var bytesFree = 0
    }

    private struct State {
        /// The addresses of free blocks, by the class of their size.
        var free: [[Int]] = []
        var counters = Counters()
    }

    private static let state = Mutex(State())

    /// Above this the pool gives memory back to the system instead of keeping it: a quarter of a small machine's
    /// memory, and far above what a training step of the networks here turns over.
    private static let retainedBytes = 2 << 30

    public static var counters: Counters { state.withLock { $0.counters } }

    /// The machine's memory in bytes: no tensor can be larger.
    public static let physicalBytes = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Sizes are rounded up to 1/8 of their power of two, so that at most an eighth is wasted and sizes recur.
    public static func roundedSize(_ byteCount: Int) -> Int {
        let size = max(byteCount, 64)
        let step = max(64, (1 << (Int.bitWidth - 1 - size.leadingZeroBitCount)) / 8)
        return (size + step - 1) / step * step
    }

    /// A number for each size that ``roundedSize(_:)`` gives: 0, 1, … for 64, 128, …
    static func sizeClass(of capacity: Int) -> Int {
        // Below 1024 an eighth of the power of two is at most the 64 bytes by which sizes differ.
        guard capacity >= 1024 else { return capacity / 64 - 1 }
        let exponent = Int.bitWidth - 1 - capacity.leadingZeroBitCount
        return (exponent - 10) * 8 + (capacity >> (exponent - 3)) + 7
    }

    static func take(_ byteCount: Int) -> (UnsafeMutableRawPointer, Int) {
        let capacity = roundedSize(byteCount)
        let reused: Int? = state.withLock { state in
            state.counters.bytesInUse += capacity
            let sizeClass = sizeClass(of: capacity)
            if sizeClass < state.free.count, let address = state.free[sizeClass].popLast() {
                state.counters.bytesFree -= capacity
                return address
            }
            state.counters.allocations += 1
            return nil
        }
        if let reused, let pointer = UnsafeMutableRawPointer(bitPattern: reused) { return (pointer, capacity) }
        // Blocks of two megabytes and more start at a page of their own.
        let alignment = capacity >= 1 << 21 ? 4096 : 64
        guard let pointer = aligned_alloc(alignment, (capacity + alignment - 1) / alignment * alignment) else {
            fatalError("out of memory: \(capacity) bytes were asked for, \(counters.bytesInUse) are in use")
        }
        return (pointer, capacity)
    }

    static func give(_ pointer: UnsafeMutableRawPointer, capacity: Int) {
        let keep = state.withLock { state in
            state.counters.bytesInUse -= capacity
            guard state.counters.bytesFree + capacity <= retainedBytes else { return false }
            state.counters.bytesFree += capacity
            let sizeClass = sizeClass(of: capacity)
            while state.free.count <= sizeClass { state.free.append([]) }
            state.free[sizeClass].append(Int(bitPattern: pointer))
            return true
        }
        if !keep { free(pointer) }
    }
}
