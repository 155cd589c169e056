import Foundation
import Synchronization

/// Choices between kernels that were measured, with `APUS_TUNE=1`, or read from a checkpoint.
///
/// Without any, estimates by size choose, which are the same in each run. What was measured is chosen again in the same
/// process, and in one that takes the choices over: a run that goes on keeps its kernels, and so its bits.
public enum KernelChoices {
    /// Whether what was not chosen yet is measured.
    static let isTuning = ProcessInfo.processInfo.environment["APUS_TUNE"] == "1"

    private static let choices = Mutex<[String: String]>([:])

    /// The names of the chosen kernels by what they compute.
    public static var all: [String: String] { choices.withLock { $0 } }

    /// Takes choices over; those of the same name are replaced. To be called before what they name is planned.
    public static func restore(_ saved: [String: String]) {
        choices.withLock { $0.merge(saved) { _, new in new } }
    }

    /// The kernel that was chosen, or that `measure` finds to be the fastest where measuring is asked for; else nil.
    static func kernel(for what: String, measure: () throws -> String) rethrows -> String? {
        if let known = choices.withLock({ $0[what] }) { return known }
        guard isTuning else { return nil }
        let fastest = try measure()
        restore([what: fastest])
        return fastest
    }
}
