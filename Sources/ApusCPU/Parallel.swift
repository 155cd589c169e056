import COneDNN

/// Loops on the pool that oneDNN uses.
enum Parallel {
    /// Work below this many elements of simple arithmetic is done on the calling thread: waking the pool costs about
    /// a microsecond, in which one thread handles as many.
    static let smallWork = 8_192

    private struct Ranges {
        let body: (Range<Int>, Int) -> Void
    }

    private struct Tasks {
        let body: (Int, Int) -> Void
    }

    /// Splits 0 ..< count into one range a thread, each starting at a multiple of `grain`; `body` gets the range and
    /// the thread's number.
    static func ranges(_ count: Int, grain: Int = 1, _ body: (Range<Int>, Int) -> Void) {
        if count <= grain {
            if count > 0 { body(0..<count, 0) }
            return
        }
        withoutActuallyEscaping(body) { escaping in
            withUnsafePointer(to: Ranges(body: escaping)) { context in
                apus_parallel_ranges(
                    Int64(count), Int64(grain),
                    { context, begin, end, thread in
                        guard let context else { return }
                        context.assumingMemoryBound(to: Ranges.self).pointee.body(Int(begin)..<Int(end), Int(thread))
                    }, UnsafeMutableRawPointer(mutating: context))
            }
        }
    }

    /// Calls `body` for each of 0 ..< count with the thread's number.
    static func tasks(_ count: Int, _ body: (Int, Int) -> Void) {
        withoutActuallyEscaping(body) { escaping in
            withUnsafePointer(to: Tasks(body: escaping)) { context in
                apus_parallel_for(
                    Int64(count),
                    { context, task, thread in
                        guard let context else { return }
                        context.assumingMemoryBound(to: Tasks.self).pointee.body(Int(task), Int(thread))
                    }, UnsafeMutableRawPointer(mutating: context))
            }
        }
    }
}

extension UnsafeMutableRawPointer {
    /// The memory as 32-bit floats.
    var floats: UnsafeMutablePointer<Float> { assumingMemoryBound(to: Float.self) }
}
