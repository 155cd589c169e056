import ApusCPU
import ApusGraph
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
    private var spare = CollectedGraph.Spare()
    private var devices: [Device: ComputingDevice] = [:]
    private var currentCounters = Counters()
    private var recorder: ProfileRecorder?
    private let settings = EngineSettings()
    private let thread = ComputeThread(
        prepare: CPUBackend.configureThread, release: CPUBackend.releaseThread)

    private init() {}

    public var counters: Counters { lock.withLock { currentCounters } }

    /// How many plans are kept.
    public var cachedPlanCount: Int { lock.withLock { cache.count } }

    /// Computes the values, and with them everything pending of the current task that somebody holds.
    ///
    /// Throws where an element cannot be computed with (a class out of range); then none of the pending values exists, and
    /// nothing is updated.
    ///
    /// - Parameters:
    ///   - values: what is to be computed.
    ///   - updates: what is updated behind it; none by default.
    public func evaluate(_ values: [Value], updating updates: [TensorUpdate] = []) throws {
        try PoolWork.checkIsOutside()
        try lock.withLock {
            // Those of this task are pending; another task's may be asked for too.
            var targets = PendingWork.take()
            for value in values where value.node.isPending { targets.append(value.node) }
            guard !targets.isEmpty || !updates.isEmpty else {
                if values.contains(where: \.node.isPoisoned) {
                    throw TensorError("evaluate", "this value could not be computed; see the first error.")
                }
                return
            }
            do {
                try compute(targets, updates)
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
    func onComputeThread<Result>(_ body: () throws -> Result) throws -> Result {
        try lock.withLock { try thread.run(body) }
    }

    /// Computes pending nodes, a plan for each device, and before them what is copied between devices.
    private func compute(_ targets: [Node], _ updates: [TensorUpdate]) throws {
        var all = try CollectedGraph(targets: targets, updates, &primitives, &spare)
        defer { all.clear(into: &spare) }
        guard let device = all.items.first?.node.outputs.first?.device else { return }
        if !all.hasTransfers, targets.allSatisfy({ $0.outputs[0].device == device }),
            updates.allSatisfy({ $0.node.outputs[0].device == device })
        {
            return try self.run(&all)
        }
        func run(_ targets: [Node], _ updates: [TensorUpdate] = []) throws {
            var graph = try CollectedGraph(targets: targets, updates, &primitives, &spare)
            try self.run(&graph)
        }
        for (node, source) in PendingTransfers.behind(targets) {
            if source.node.isPending { try run([source.node]) }
            guard let storage = source.node.storage(of: source.output) else {
                throw TensorError("to", "what is to be copied could not be computed before; see the first error.")
            }
            // The copy itself is made when a plan of the other device reads it.
            node.finish(Node.Results(storage))
        }
        var groups: [Device: (nodes: [Node], updates: [TensorUpdate])] = [:]
        for node in targets where node.isPending {
            groups[node.outputs[0].device, default: ([], [])].nodes.append(node)
        }
        for update in updates { groups[update.node.outputs[0].device, default: ([], [])].updates.append(update) }
        for group in groups.sorted(by: { $0.key.description < $1.key.description }) {
            try run(group.value.nodes, group.value.updates)
        }
    }

    private func computingDevice(_ device: Device) -> ComputingDevice {
        if let known = devices[device] { return known }
        let made = ComputingDevice(device, settings: settings)
        devices[device] = made
        return made
    }

    /// The elements where the processor can read them.
    func inProcessorMemory(_ storage: Storage) throws -> Storage {
        guard storage.device != .cpu else { return storage }
        return try lock.withLock { try thread.run { try storage.inProcessorMemory() } }
    }

    private func run(_ graph: inout CollectedGraph) throws {
        graph.beginUpdates()
        do {
            try replay(graph)
        } catch {
            graph.cancelUpdates()
            throw error
        }
    }

    private func replay(_ graph: CollectedGraph) throws {
        let device = computingDevice(graph.items.first?.node.outputs.first?.device ?? .cpu)
        currentCounters.evaluations += 1
        let (plan, results) = try thread.run { () throws -> (ExecutablePlan, [Storage]) in
            try device.begin()
            let plan = try self.plan(for: graph, device)
            var inputs: [Storage] = []
            inputs.reserveCapacity(graph.leaves.count)
            for index in graph.leaves.indices {
                inputs.append(
                    try self.storage(
                        of: graph.leaves[index].value, on: device, isCopiedByPlan: plan.copiesNumber(index)))
            }
            let results = try plan.makeResults(inputs: inputs, on: device)
            do {
                try plan.run(
                    inputs: inputs, results: results, arena: device.arena(plan.arenaBytes),
                    scratch: device.scratch(plan.scratchBytes), recorder: self.recorder)
            } catch {
                for input in plan.overwrittenInputs { graph.leaves[input].value.node.poison() }
                throw error
            }
            return (plan, results)
        }
        currentCounters.steps += plan.stepCount
        var next = 0
        for position in graph.items.indices where graph.items[position].heldOutputs != 0 {
            let (node, held) = (graph.items[position].node, graph.items[position].heldOutputs)
            var finished = Node.Results()
            for output in node.outputs.indices where held & (1 << UInt8(output)) != 0 {
                finished[output] = results[plan.outputs[next]]
                next += 1
            }
            if position < graph.firstUpdate {
                node.finish(finished)
            } else {
                graph.updates[position - graph.firstUpdate].update.end(finished)
            }
        }
    }

    /// A finished operand's elements in the device's memory, where they stay from then on; a single number that the plan
    /// copies itself may stay where it is.
    private func storage(
        of value: Value, on device: ComputingDevice, isCopiedByPlan: Bool
    ) throws -> Storage {
        guard let storage = value.node.readableStorage(of: value.output) else {
            throw TensorError("evaluate", "an operand's elements are gone; this is an error of the engine.")
        }
        guard storage.device != device.device else { return storage }
        if isCopiedByPlan, storage.device == .cpu, storage.byteCount <= PlanNumbers.size { return storage }
        let local = try device.receive(storage)
        value.node.replaceStorage(of: value.output, with: local)
        return local
    }

    private func plan(for graph: CollectedGraph, _ device: ComputingDevice) throws -> ExecutablePlan {
        if let plan = cache.latestPlan(for: graph, on: device.device) {
            currentCounters.cacheHits += 1
            return plan
        }
        let key = PlanKey(graph, on: device.device)
        if let plan = cache.plan(for: key) {
            currentCounters.cacheHits += 1
            return plan
        }
        let plan = try ExecutablePlan(try device.compiler.compile(graph), inputCount: graph.leaves.count, on: device)
        currentCounters.plansMade += 1
        cache.insert(plan, for: key)
        return plan
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
    EvaluationHook.install { try Engine.shared.evaluate($0, updating: $1) }
}
