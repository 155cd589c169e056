import Foundation

/// The threads that run plans: the main thread where it asks itself, and one thread for all others.
///
/// OpenMP keeps a pool of workers for each thread that calls it; computing on these two only keeps two pools at most,
/// whatever task or thread asks, and one in a program that trains on its main thread. That thread's plans are run where
/// they are: handing one over and waking up again takes about eight microseconds, as long as many a small plan.
final class ComputeThread: @unchecked Sendable {
    private let prepare: @Sendable () -> Void
    private var mainThreadIsReady = false
    private let condition = NSCondition()
    private var job: (() -> Void)?
    private var isDone = false

    /// - Parameter prepare: called once on each of the threads, before any work.
    init(prepare: @escaping @Sendable () -> Void) {
        self.prepare = prepare
        let thread = Thread { [unowned self] in
            prepare()
            loop()
        }
        thread.name = "apus.compute"
        // Kernels keep their tiles on the stack or in scratch memory; 8 MB is the main thread's size.
        thread.stackSize = 8 << 20
        thread.start()
    }

    private func loop() {
        while true {
            condition.lock()
            while job == nil { condition.wait() }
            var work = job
            job = nil
            condition.unlock()
            work?()
            // Released before the caller goes on, who lent it for the duration of the call only.
            work = nil
            condition.lock()
            isDone = true
            condition.broadcast()
            condition.unlock()
        }
    }

    /// Runs `body` on one of the threads and waits for it. Calls come one at a time (the engine's lock sees to that).
    func run<Result>(_ body: () throws -> Result) throws -> Result {
        if Thread.isMainThread {
            if !mainThreadIsReady {
                prepare()
                mainThreadIsReady = true
            }
            return try body()
        }
        var outcome: Swift.Result<Result, any Error>?
        let work = { outcome = Swift.Result(catching: body) }
        withoutActuallyEscaping(work) { escaping in
            condition.lock()
            isDone = false
            job = escaping
            condition.broadcast()
            while !isDone { condition.wait() }
            condition.unlock()
        }
        guard let outcome else { throw CancellationError() }
        return try outcome.get()
    }
}
