import ApusCPU
import ApusGraph

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Engine {
    /// The number of threads that compute plans.
    public var threadCount: Int { CPUBackend.threadCount }

    /// Runs `body(thread)` once on each of the threads that compute plans, at most `limit` of them, and waits.
    ///
    /// A second pool beside the engine's would take its processors away in the middle of a plan; here work waits for the
    /// plan that is running, and the next plan waits for the work. `body` must not evaluate tensors: it would wait for
    /// itself, and is told so by an error instead.
    ///
    /// - Parameters:
    ///   - limit: the most threads, at least 1; nil for all.
    ///   - body: the work, which gets the number of its thread, from 0 on.
    public func runOnPool(limit: Int? = nil, _ body: (Int) -> Void) throws {
        try onComputeThread {
            SharedPool.tasks(min(limit ?? .max, SharedPool.threadCount)) { task, _ in
                PoolWork.enter()
                defer { PoolWork.leave() }
                body(task)
            }
        }
    }
}

/// Marks the threads that are inside of ``Engine/runOnPool(limit:_:)``.
enum PoolWork {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    static func enter() { pthread_setspecific(key, UnsafeRawPointer(bitPattern: 1)) }
    static func leave() { pthread_setspecific(key, nil) }

    /// Throws on a thread that is doing such work.
    static func checkIsOutside() throws {
        guard pthread_getspecific(key) == nil else {
            throw TensorError(
                "evaluate",
                "a tensor cannot be computed inside of a transform or of other work on the engine's threads.")
        }
    }
}
