import CCUDA

/// Work that was put into the queue once and is started again as a whole (a CUDA graph): one call of the driver instead
/// of one for each kernel.
public final class CUDARecording: @unchecked Sendable {
    private let driver: UnsafePointer<ApusDriver>
    private let stream: ApusCUstream
    private let executable: ApusCUgraphExec

    fileprivate init(_ context: CUDAContext, _ executable: ApusCUgraphExec) {
        (driver, stream, self.executable) = (context.driver, context.stream, executable)
    }

    deinit { _ = driver.pointee.cuGraphExecDestroy(executable) }

    /// Puts the work into the queue, with the memory that it was recorded with.
    public func launch() throws { try driver.check(driver.pointee.cuGraphLaunch(executable, stream), "start a plan") }
}

extension CUDAContext {
    /// What `body` puts into the queue, without running it.
    ///
    /// All kernels that it starts must have run before: none can be loaded while the queue is recorded.
    public func record(_ body: () throws -> Void) throws -> CUDARecording {
        try driver.check(
            driver.pointee.cuStreamBeginCapture(stream, Int32(ApusCUDACaptureThreadLocal)), "record a plan")
        var graph: ApusCUgraph?
        do {
            try body()
        } catch {
            _ = driver.pointee.cuStreamEndCapture(stream, &graph)
            if let graph { _ = driver.pointee.cuGraphDestroy(graph) }
            throw error
        }
        try driver.check(driver.pointee.cuStreamEndCapture(stream, &graph), "record a plan")
        defer { _ = driver.pointee.cuGraphDestroy(graph) }
        var executable: ApusCUgraphExec?
        try driver.check(driver.pointee.cuGraphInstantiate(&executable, graph, 0), "record a plan")
        guard let executable else { throw CUDAError("the CUDA driver made no graph of a plan.") }
        return CUDARecording(self, executable)
    }
}
