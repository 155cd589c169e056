import ApusGraph
import ApusPlan
import Foundation

/// The steps of plans that ran while ``Engine/profile(_:)`` looked on, in the order in which they ran.
public struct Profile: Sendable {
    /// A step of a plan, and when it ran.
    public struct Step: Sendable {
        /// The operation: `convolution`, `pointwise<mul add>`.
        public let operation: String
        /// What computed it: `winograd`, `jit:avx512_core`.
        public let kernel: String
        /// The layer that recorded it, or an empty text.
        public let layer: String
        /// The shapes of the inputs and results.
        public let shapes: String
        /// Products that are summed, as the operation defines them; 0 where they are not counted.
        public let multiplyAdds: Int
        /// The bytes of inputs and results, each read or written once.
        public let bytes: Int
        /// Nanoseconds since the profile began.
        public let start: Int64
        /// The duration in nanoseconds.
        public let nanoseconds: Int64
    }

    public internal(set) var steps: [Step] = []
    /// For each plan that ran, the number of its steps; ``steps`` holds those of the first plan, then those of the second.
    public internal(set) var plans: [Int] = []
}

/// Collects the steps of plans while they run.
final class ProfileRecorder {
    private(set) var profile = Profile()
    private let clock = ContinuousClock()
    private let beginning: ContinuousClock.Instant

    init() { beginning = clock.now }

    func planWillRun(steps: Int) { profile.plans.append(steps) }

    func now() -> Int64 { Int64(beginning.duration(to: clock.now) / .nanoseconds(1)) }

    func record(_ step: Plan.Step, start: Int64) {
        let end = now()
        let (inputs, outputs) = (step.inputs, step.outputs)
        profile.steps.append(
            Profile.Step(
                operation: step.primitive.name, kernel: step.prepared.kernel, layer: step.modulePath?.text ?? "",
                shapes: (inputs + outputs).map { $0.spec.shape.brackets }.joined(separator: " "),
                multiplyAdds: (step.primitive as? any CountsMultiplyAdds)?.multiplyAdds(
                    inputs.map(\.spec), outputs.map(\.spec)) ?? 0,
                bytes: (inputs + outputs).reduce(0) { $0 + $1.byteCount }, start: start, nanoseconds: end - start))
    }
}

/// Held while a profile is made: there is one place for what looks on.
private let profiling = NSRecursiveLock()

extension Engine {
    /// Runs `body`, and tells which steps its computations took and how long.
    ///
    /// Looking on costs about a microsecond a step. Computations of other threads are recorded with it; a profile that
    /// another thread asks for meanwhile waits for the end of this one.
    public func profile(_ body: () throws -> Void) rethrows -> Profile {
        profiling.lock()
        defer { profiling.unlock() }
        let recorder = ProfileRecorder()
        setRecorder(recorder)
        defer { setRecorder(nil) }
        try body()
        return recorder.profile
    }
}
