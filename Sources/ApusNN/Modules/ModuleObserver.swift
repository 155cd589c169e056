import ApusGraph

/// Watches the calls of modules, for summaries and statistics.
///
///     ModuleObservation.$observer.withValue(recorder) { _ = net(image) }
public protocol ModuleObserver: Sendable {
    /// Called after `module`, at `path` within the model that was called, has made `output` of `input`; children come
    /// before their parents. Only calls of one tensor are seen, not the typed calls that some layers have beside them.
    func didCall(_ module: Module, path: String, input: Tensor, output: Tensor)
}

/// Who watches the calls of modules in the current task.
public enum ModuleObservation {
    /// Who is told of each call of a module in this task; nil for nobody.
    @TaskLocal public static var observer: (any ModuleObserver)?
}
