import ApusGraph
import ApusPlan

/// Joins elementwise functions of one shape into one loop.
///
/// Every step gets a level above those of the steps that it reads; a function may join the group of a step that it
/// reads, at the group's own level, if everything else that it reads lies lower. Between groups levels only rise, so
/// that joining makes no circle.
struct FusePointwise: Pass {
    let name = "fuse elementwise chains"

    /// Bounds of a group: what the kernel's working memory of one tile each should hold in the first-level cache.
    private static let maximumInstructions = 40
    private static let maximumInputs = 16

    private struct Group {
        var members: [Int] = []
        /// What the group reads from outside.
        var inputs: Set<PlanGraph.ValueID> = []
        /// What it makes.
        var results: Set<PlanGraph.ValueID> = []
        let place: Place

        init(place: Place) { self.place = place }

        /// The number of inputs when other members come in.
        func inputCount(
            adding inputs: some Sequence<PlanGraph.ValueID>, making made: Set<PlanGraph.ValueID> = []
        ) -> Int {
            self.inputs.union(inputs).subtracting(results).subtracting(made).count
        }

        mutating func add(_ member: Int, _ step: PlanGraph.Step) {
            members.append(member)
            results.formUnion(step.outputs)
            inputs = inputs.union(step.inputs).subtracting(results)
        }
    }

    /// Groups at the same place do not depend on each other.
    private struct Place: Hashable {
        let level: Int
        let shape: Shape
        let kind: DType
    }

    func run(_ graph: inout PlanGraph) {
        let producers = graph.producers()
        var levels = [Int](repeating: 0, count: graph.steps.count)
        var groupOf = [Int?](repeating: nil, count: graph.steps.count)
        var groups: [Group] = []
        var groupsAt: [Place: [Int]] = [:]
        for (index, step) in graph.steps.enumerated() {
            for input in step.inputs {
                if let producer = producers[input] { levels[index] = max(levels[index], levels[producer] + 1) }
            }
            guard let pointwise = step.primitive as? Pointwise else { continue }
            let shape = graph.values[step.outputs[0]].spec.shape
            let kind = computingType(pointwise, step, graph)
            let place = Place(level: levels[index], shape: shape, kind: kind)
            let group: Int
            if let joined = join(step, shape, kind, producers, levels, groupOf, groups) {
                group = joined
            } else if let sibling = groupsAt[place]?.first(where: {
                accepts(groups[$0], step) && !groups[$0].inputs.isDisjoint(with: step.inputs)
            }) {
                group = sibling
            } else {
                group = groups.count
                groups.append(Group(place: place))
                groupsAt[place, default: []].append(group)
            }
            groups[group].add(index, step)
            levels[index] = groups[group].place.level
            groupOf[index] = group
        }
        mergeIntoReaders(&groups, &groupOf, graph)
        rewrite(&graph, groups.filter { !$0.members.isEmpty })
    }

    /// A group that only one other group reads becomes part of it: nothing can lie between the two.
    private func mergeIntoReaders(_ groups: inout [Group], _ groupOf: inout [Int?], _ graph: PlanGraph) {
        let consumers = graph.consumers()
        let kept = Set(graph.outputs)
        for index in groups.indices.sorted(by: { groups[$0].place.level > groups[$1].place.level }) {
            let results = groups[index].results
            let readers = Set(results.flatMap { consumers[$0].map { groupOf[$0] } }).subtracting([index])
            guard readers.count == 1, case .some(.some(let reader)) = readers.first,
                !results.contains(where: kept.contains), groups[reader].place.shape == groups[index].place.shape,
                groups[reader].place.kind == groups[index].place.kind,
                groups[reader].members.count + groups[index].members.count <= Self.maximumInstructions,
                groups[reader].inputCount(adding: groups[index].inputs, making: results) <= Self.maximumInputs
            else { continue }
            for member in groups[index].members {
                groups[reader].add(member, graph.steps[member])
                groupOf[member] = reader
            }
            groups[reader].members.sort()
            groups[index].members = []
        }
    }

    private func accepts(_ group: Group, _ step: PlanGraph.Step) -> Bool {
        group.members.count < Self.maximumInstructions
            && group.inputCount(adding: step.inputs) <= Self.maximumInputs
    }

    /// The type that the arithmetic is done in: functions of different ones are not joined.
    private func computingType(_ pointwise: Pointwise, _ step: PlanGraph.Step, _ graph: PlanGraph) -> DType {
        let types = (step.inputs + step.outputs).map { graph.values[$0].spec.dtype }
        let highest = types.max() ?? .float32
        // Comparisons and logic of truth values join the float32 work around them.
        return highest == .bool ? .float32 : highest
    }

    /// The group of a step that this one reads, at the highest level, if everything else that it reads lies lower.
    private func join(
        _ step: PlanGraph.Step, _ shape: Shape, _ kind: DType, _ producers: [Int?], _ levels: [Int],
        _ groupOf: [Int?], _ groups: [Group]
    ) -> Int? {
        var best: Int?
        for input in step.inputs {
            guard let producer = producers[input], let group = groupOf[producer] else { continue }
            guard groups[group].place.shape == shape, groups[group].place.kind == kind, accepts(groups[group], step)
            else { continue }
            if best == nil || groups[group].place.level > groups[best ?? 0].place.level { best = group }
        }
        guard let best else { return nil }
        for input in step.inputs {
            guard let producer = producers[input], groupOf[producer] != best else { continue }
            if levels[producer] + 1 > groups[best].place.level { return nil }
        }
        return best
    }

    private func rewrite(_ graph: inout PlanGraph, _ groups: [Group]) {
        let consumers = graph.consumers()
        let kept = Set(graph.outputs)
        let producers = graph.producers()
        var replaced = [PlanGraph.Step?](graph.steps)
        for group in groups {
            let members = Set(group.members)
            let step = fused(group, members, graph, producers) { value in
                kept.contains(value) || consumers[value].contains { !members.contains($0) }
            }
            for member in group.members { replaced[member] = nil }
            if let last = group.members.last { replaced[last] = step }
        }
        graph.steps = replaced.compactMap { $0 }
        // A group stands where its last member stood, maybe behind readers of its other results.
        graph.sortSteps()
        graph.removeDeadSteps()
    }

    private func fused(
        _ group: Group, _ members: Set<Int>, _ graph: PlanGraph, _ producers: [Int?],
        _ isResult: (PlanGraph.ValueID) -> Bool
    ) -> PlanGraph.Step {
        var inputs: [PlanGraph.ValueID] = []
        var constants: [PlanGraph.ValueID: Double] = [:]
        for member in group.members {
            for input in graph.steps[member].inputs {
                if let producer = producers[input] {
                    if members.contains(producer) { continue }
                    if let fill = graph.steps[producer].primitive as? Fill, fill.integer == nil {
                        constants[input] = fill.value
                        continue
                    }
                }
                if !inputs.contains(input) { inputs.append(input) }
            }
        }
        var registers: [PlanGraph.ValueID: Int] = [:]
        for (register, input) in inputs.enumerated() { registers[input] = register }
        var instructions: [FusedPointwise.Instruction] = []
        var results: [Int] = []
        var outputs: [PlanGraph.ValueID] = []
        for (value, constant) in constants.sorted(by: { $0.key < $1.key }) {
            registers[value] = inputs.count + instructions.count
            instructions.append(.init(.constant(constant), operands: [], dtype: graph.values[value].spec.dtype))
        }
        for member in group.members {
            let step = graph.steps[member]
            guard let pointwise = step.primitive as? Pointwise else { continue }
            let output = step.outputs[0]
            registers[output] = inputs.count + instructions.count
            if isResult(output) {
                results.append(inputs.count + instructions.count)
                outputs.append(output)
            }
            instructions.append(
                .init(
                    .function(pointwise.function), operands: step.inputs.compactMap { registers[$0] },
                    dtype: graph.values[output].spec.dtype))
        }
        let program = FusedPointwise(
            inputTypes: inputs.map { graph.values[$0].spec.dtype }, instructions: instructions, results: results,
            shapes: [group.place.shape])
        let path = group.members.compactMap { graph.steps[$0].modulePath }.last
        return PlanGraph.Step(program, inputs: inputs, outputs: outputs, modulePath: path)
    }
}

/// Joins equal programs whose results only leave the plan into one sweep: an optimizer's update of all parameters.
struct FuseSweeps: Pass {
    let name = "fuse sweeps"

    func run(_ graph: inout PlanGraph) {
        let consumers = graph.consumers()
        var sweeps: [FusedPointwise: [Int]] = [:]
        var order: [FusedPointwise] = []
        for (index, step) in graph.steps.enumerated() {
            guard var program = step.primitive as? FusedPointwise, program.shapes.count == 1,
                step.outputs.allSatisfy({ consumers[$0].isEmpty })
            else { continue }
            program.shapes = []
            if sweeps[program] == nil { order.append(program) }
            sweeps[program, default: []].append(index)
        }
        var replaced = [PlanGraph.Step?](graph.steps)
        for program in order {
            guard let members = sweeps[program], members.count > 1, let last = members.last else { continue }
            var joined = program
            joined.shapes = members.flatMap { (graph.steps[$0].primitive as? FusedPointwise)?.shapes ?? [] }
            let step = PlanGraph.Step(
                joined, inputs: members.flatMap { graph.steps[$0].inputs },
                outputs: members.flatMap { graph.steps[$0].outputs })
            for member in members { replaced[member] = nil }
            replaced[last] = step
        }
        graph.steps = replaced.compactMap { $0 }
    }
}
