import ApusCPU
import ApusGraph
import ApusPlan
import ApusReference
import Foundation

/// Computes what is pending: makes plans, keeps them, and replays them.
public final class Engine: @unchecked Sendable {
    /// The engine that tensors use.
    public static let shared = Engine()

    /// What the engine has done since the program started.
    public struct Counters: Sendable {
        /// How often something was computed.
        public var evaluations = 0
        /// How often the plan was there already.
        public var cacheHits = 0
        /// How many plans were made.
        public var plansMade = 0
        /// How many steps ran.
        public var steps = 0
    }

    // Everything below is guarded by the lock.
    private let lock = NSRecursiveLock()
    private var cache = PlanCache()
    private var primitives = PrimitiveNumbers()
    private var arena: Storage?
    private var scratch: Storage?
    private var currentCounters = Counters()
    private var recorder: ProfileRecorder?
    private let compiler: Compiler
    private let thread = ComputeThread(
        prepare: CPUBackend.configureThread, release: CPUBackend.releaseThread)

    private init() {
        let settings = EngineSettings()
        let reference = ReferenceBackend()
        compiler = Compiler(
            backends: settings.usesReferenceOnly ? [reference] : [CPUBackend(), reference], settings: settings)
    }

    public var counters: Counters { lock.withLock { currentCounters } }

    /// How many plans are kept.
    public var cachedPlanCount: Int { lock.withLock { cache.count } }

    /// Computes the values, and with them everything pending of the current task that somebody holds.
    ///
    /// Throws where an element cannot be computed with (a class out of range); then none of the pending values exists.
    public func evaluate(_ values: [Value]) throws {
        try PoolWork.checkIsOutside()
        try lock.withLock {
            let targets = (PendingWork.take() + values.map(\.node)).filter(\.isPending)
            guard !targets.isEmpty else {
                if values.contains(where: \.node.isPoisoned) {
                    throw TensorError("evaluate", "this value could not be computed; see the first error.")
                }
                return
            }
            do {
                try run(CollectedGraph(targets: targets))
            } catch {
                for target in targets { target.poison() }
                throw error
            }
        }
    }

    /// The kernels that were chosen by measuring (`APUS_TUNE=1`), by what they compute.
    public var kernelChoices: [String: String] { KernelChoices.all }

    /// Takes choices over that another process made, before anything that they name is computed.
    public func restore(kernelChoices: [String: String]) { KernelChoices.restore(kernelChoices) }

    /// Lets a recorder look on, or none.
    func setRecorder(_ recorder: ProfileRecorder?) { lock.withLock { self.recorder = recorder } }

    /// Runs `body` on the thread that runs plans, between two of them.
    func onComputeThread(_ body: () throws -> Void) throws {
        try lock.withLock { try thread.run(body) }
    }

    private func run(_ graph: CollectedGraph) throws {
        let inputs = try graph.leaves.map { leaf in
            guard let storage = leaf.value.node.storage(of: leaf.value.output) else {
                throw TensorError("evaluate", "an operand's elements are gone; this is an error of the engine.")
            }
            return storage
        }
        let key = PlanKey(graph, &primitives)
        currentCounters.evaluations += 1
        let (plan, results) = try thread.run { () throws -> (ExecutablePlan, [Storage]) in
            let plan = try self.plan(for: key, graph)
            let results = plan.makeResults(inputs: inputs)
            do {
                try plan.run(
                    inputs: inputs, results: results, arena: self.block(&self.arena, plan.arenaBytes),
                    scratch: self.block(&self.scratch, plan.scratchBytes), recorder: self.recorder)
            } catch {
                for input in plan.overwrittenInputs { graph.leaves[input].value.node.poison() }
                throw error
            }
            return (plan, results)
        }
        currentCounters.steps += plan.stepCount
        var next = 0
        for item in graph.items where item.heldOutputs != 0 {
            var storages = [Storage?](repeating: nil, count: item.node.outputs.count)
            for output in storages.indices where item.heldOutputs & (1 << UInt8(output)) != 0 {
                storages[output] = results[plan.outputs[next]]
                next += 1
            }
            item.node.finish(storages)
        }
    }

    private func plan(for key: PlanKey, _ graph: CollectedGraph) throws -> ExecutablePlan {
        if let plan = cache.plan(for: key) {
            currentCounters.cacheHits += 1
            return plan
        }
        let plan = ExecutablePlan(try compiler.compile(graph), inputCount: graph.leaves.count)
        currentCounters.plansMade += 1
        cache.insert(plan, for: key)
        return plan
    }

    /// Memory of at least `byteCount` bytes that all plans share, since they run one at a time.
    private func block(_ storage: inout Storage?, _ byteCount: Int) -> UnsafeMutableRawPointer {
        if let storage, storage.byteCount >= byteCount { return storage.pointer }
        storage = nil
        let larger = Storage(byteCount: max(byteCount, 64))
        storage = larger
        return larger.pointer
    }
}

extension Tensor {
    /// Computes the tensors now, and with them everything else that is pending.
    ///
    /// Throws where an element cannot be computed with (a class out of range).
    public static func evaluate(_ tensors: [Tensor]) throws { try EvaluationHook.evaluate(tensors.map(\.value)) }
}

/// Called by a C constructor when the program is loaded, so that the graph finds its engine.
@_cdecl("apus_engine_install")
public func installEngine() {
    EvaluationHook.install { try Engine.shared.evaluate($0) }
}
