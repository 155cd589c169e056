import Foundation

/// The one thread that runs plans.
///
/// OpenMP keeps a pool of workers for each thread that calls it; computing on one thread keeps one pool, whatever task
/// or thread asks.
final class ComputeThread: @unchecked Sendable {
    private let condition = NSCondition()
    private var job: (() -> Void)?
    private var isDone = false

    /// - Parameter prepare: called once on the thread, before any work.
    init(prepare: @escaping @Sendable () -> Void) {
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

    /// Runs `body` on the thread and waits for it. Calls come one at a time (the engine's lock sees to that).
    func run<Result>(_ body: () throws -> Result) throws -> Result {
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
