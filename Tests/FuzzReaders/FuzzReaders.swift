import ApusTestSupport
import Foundation
import FuzzCases

/// Reads damaged files by the hundred thousand: `FuzzReaders [COUNT] [SEED] [FORMAT]`.
///
/// Ends with 1 where a reader did what it must not: another error than its own, one that does not name the file, seconds
/// for a small file, or memory beyond what files of this size justify. A crash ends it by itself; `scripts/fuzz` builds it
/// with the address sanitizer.
@main
struct FuzzReaders {
    /// The fixtures are a few kilobytes; the largest picture that such a file can hold has a few megabytes.
    static let mostMemory = 1 << 30

    static func main() throws {
        let arguments = CommandLine.arguments
        let count = arguments.count > 1 ? Int(arguments[1]) ?? 0 : 100_000
        let seed = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 0
        let folder = try TemporaryFolder()
        var isSound = true
        for target in try FuzzTarget.all() where arguments.count <= 3 || arguments[3] == target.name {
            let start = Date()
            let report = try target.run(count: count, seed: seed, folder: folder)
            let seconds = Int(Date().timeIntervalSince(start))
            print(
                "\(target.name): \(report.read) read, \(report.refused) refused, \(report.faults.count) faults, \(seconds) s"
            )
            for fault in report.faults.prefix(20) { print("  \(fault)") }
            isSound = isSound && report.faults.isEmpty
        }
        var usage = rusage()
        getrusage(0, &usage)  // RUSAGE_SELF, whose type differs between systems
        let memory = usage.ru_maxrss * 1_024
        print("most memory: \(memory >> 20) MiB")
        if memory > mostMemory {
            print("  more than \(mostMemory >> 20) MiB")
            isSound = false
        }
        if !isSound { exit(1) }
    }
}
