import Foundation

/// The thread that runs plans: the main thread as long as no other thread asks, then one thread for all.
///
/// OpenMP keeps a pool of workers for each thread that calls it, and two pools take the processors away from each other:
/// LeNet's training with a loader takes half as long again. So there is one at a time, whatever task or thread asks. The
/// main thread's plans are run where they are because handing one over and waking up again takes about eight
/// microseconds, as long as many a small plan.
final class ComputeThread: @unchecked Sendable {
    private let prepare: @Sendable () -> Void
    private let release: @Sendable () -> Void
    /// Whether the main thread has a pool.
    private var mainThreadIsReady = false
    /// Whether another thread has asked.
    private var servesOthers = false
    private let condition = NSCondition()
    private var job: (() -> Void)?
    private var isDone = false

    /// - Parameters:
    ///   - prepare: called once on each of the threads, before any work.
    ///   - release: called once on the main thread when another one computes from then on.
    init(prepare: @escaping @Sendable () -> Void, release: @escaping @Sendable () -> Void = {}) {
        self.prepare = prepare
        self.release = release
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
        if !Thread.isMainThread {
            servesOthers = true
        } else if !servesOthers {
            if !mainThreadIsReady {
                prepare()
                mainThreadIsReady = true
            }
            return try body()
        } else if mainThreadIsReady {
            release()
            mainThreadIsReady = false
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
