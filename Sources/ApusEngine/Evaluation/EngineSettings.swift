import Foundation

/// What the environment asks of the engine.
public struct EngineSettings: Sendable {
    /// `APUS_BACKEND=reference`: everything on the plain loops.
    public var usesReferenceOnly = false
    /// `APUS_TRACE=passes`: the graph after each pass, on stderr.
    public var tracesPasses = false
    /// `APUS_TRACE=kernels`: the kernel of each step, on stderr.
    public var tracesKernels = false

    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        usesReferenceOnly = environment["APUS_BACKEND"] == "reference"
        let traces = environment["APUS_TRACE"]?.split(separator: ",") ?? []
        tracesPasses = traces.contains("passes")
        tracesKernels = traces.contains("kernels")
    }
}

func printToStandardError(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
