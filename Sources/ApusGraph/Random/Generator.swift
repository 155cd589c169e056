import Synchronization

/// A stream of random numbers: a seed, and how many blocks of four were drawn.
public final class Generator: Sendable {
    /// Where a stream stands; saving and restoring it repeats what follows.
    public struct State: Sendable, Hashable {
        public var seed: UInt64
        public var position: UInt64

        public init(seed: UInt64, position: UInt64 = 0) {
            self.seed = seed
            self.position = position
        }
    }

    /// The generator of `randn`, initialisers and dropout, unless another is given; ``manualSeed(_:)`` sets it.
    public static let shared = Generator(seed: 0)

    private let current: Mutex<State>

    public init(seed: UInt64) { current = Mutex(State(seed: seed)) }

    public var state: State {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    /// Reserves blocks of four 32-bit numbers and returns where they start.
    public func reserve(blocks: Int) -> State {
        current.withLock { state in
            defer { state.position += UInt64(blocks) }
            return state
        }
    }

    /// A random order of 0 ..< count (Fisher–Yates).
    public func permutation(_ count: Int) -> [Int] {
        let start = reserve(blocks: count)
        let philox = Philox(seed: start.seed)
        var order = Array(0..<count)
        for position in stride(from: count - 1, to: 0, by: -1) {
            let bits = philox.block(start.position + UInt64(position))
            let random = UInt64(bits.x) << 32 | UInt64(bits.y)
            // The high half of random · (position + 1): the bias is below 2⁻⁴⁰ for any data set.
            order.swapAt(position, Int(random.multipliedFullWidth(by: UInt64(position + 1)).high))
        }
        return order
    }
}

/// Starts the shared generator anew (`torch.manual_seed`): what follows repeats for the same seed.
public func manualSeed(_ seed: UInt64) { Generator.shared.state = Generator.State(seed: seed) }
