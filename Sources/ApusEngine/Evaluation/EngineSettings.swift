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
        switch environment["APUS_BACKEND"] {
        case "reference": usesReferenceOnly = true
        case nil, "", "cpu": break
        case let other?: printToStandardError("APUS_BACKEND=\(other): expected cpu or reference; it is ignored")
        }
        for trace in environment["APUS_TRACE"]?.split(separator: ",") ?? [] {
            switch trace {
            case "passes": tracesPasses = true
            case "kernels": tracesKernels = true
            default: printToStandardError("APUS_TRACE=\(trace): expected passes or kernels; it is ignored")
            }
        }
    }
}

func printToStandardError(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
