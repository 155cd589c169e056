import COneDNN

/// The pool that computes plans, for other work that belongs on the same threads.
public enum SharedPool {
    /// The number of threads of the calling thread's pool.
    public static var threadCount: Int { Int(apus_threads()) }

    /// Calls `body` for each of 0 ..< count with the thread's number, in parallel, and waits.
    ///
    /// To be called on the thread that runs plans: each calling thread has a pool of its own.
    public static func tasks(_ count: Int, _ body: (Int, Int) -> Void) { Parallel.tasks(count, body) }
}
