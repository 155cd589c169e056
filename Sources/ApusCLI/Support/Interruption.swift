import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What happens at Ctrl-C (`SIGINT`).
///
/// Commands that only read end at once, with code 130. Those that write take the interrupt at the next step, so that
/// the terminal is tidied and no file stays half written; a second Ctrl-C ends them at once too.
enum Interruption {
    private static let isRequested = Atomic<Bool>(false)

    /// Ends the program at once at an interrupt; called first, while there is one thread.
    static func endAtOnce() {
        // Whoever started the program may have left the signal blocked, as a thread of a Dispatch pool does.
        var interrupt = sigset_t()
        sigemptyset(&interrupt)
        sigaddset(&interrupt, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &interrupt, nil)
        signal(SIGINT) { _ in _exit(ExitStatus.interrupted.rawValue) }
    }

    /// Keeps an interrupt for ``check()``.
    static func keepForCheck() {
        // Made before the handler can ask for it: making it inside of a signal handler could wait for itself.
        isRequested.store(false, ordering: .relaxed)
        signal(SIGINT) { _ in
            if Interruption.isRequested.exchange(true, ordering: .relaxed) {
                _exit(ExitStatus.interrupted.rawValue)
            }
        }
    }

    /// Throws where an interrupt came since ``keepForCheck()``.
    static func check() throws {
        guard isRequested.load(ordering: .relaxed) else { return }
        throw CommandFailure(.interrupted, "interrupted")
    }
}
