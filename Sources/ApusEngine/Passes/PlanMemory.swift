import ApusGraph
import ApusPlan

/// Gives every value a place: the plan's inputs, its results, or one block of memory shared by liveness.
struct PlanMemory {
    /// Blocks start at a multiple of this: a cache line, and a 512-bit vector.
    static let alignment = 64

    private let graph: PlanGraph
    /// Values that share memory, as a forest.
    private var parent: [PlanGraph.ValueID]
    private var lastUse: [Int]
    private var inputPosition: [Int?]
    private var isOutput: [Bool]
    /// Whether a constant step makes the value and later steps read it: it stays from run to run.
    private var isConstant: [Bool]

    /// The plan without its steps' kernels: slots of each step's operands, results, and the size of the block.
    struct Layout {
        var slots: [Plan.BufferSlot?]
        var results: [Plan.ResultStorage]
        var outputs: [Int]
        var arenaBytes: Int
        var constantBytes: Int
        /// Steps that only give their input another name.
        var aliasSteps: Set<Int>
    }

    init(_ graph: PlanGraph) {
        self.graph = graph
        parent = Array(graph.values.indices)
        lastUse = [Int](repeating: -1, count: graph.values.count)
        inputPosition = [Int?](repeating: nil, count: graph.values.count)
        isOutput = [Bool](repeating: false, count: graph.values.count)
        isConstant = isOutput
        for (position, input) in graph.inputs.enumerated() { inputPosition[input] = position }
        for output in graph.outputs { isOutput[output] = true }
        for (index, step) in graph.steps.enumerated() {
            for value in step.inputs + step.outputs { lastUse[value] = index }
        }
        for step in graph.steps.prefix(graph.constantSteps) {
            for output in step.outputs { isConstant[output] = lastUse[output] >= graph.constantSteps }
        }
    }

    mutating func plan() -> Layout {
        var aliasSteps = Set<Int>()
        for (index, step) in graph.steps.enumerated() {
            if step.primitive is any AliasesInput, graph.values[step.inputs[0]].layout == .plain {
                join(step.outputs[0], into: step.inputs[0])
                aliasSteps.insert(index)
            }
        }
        for (index, step) in graph.steps.enumerated() where !aliasSteps.contains(index) { reuseInputs(of: step, index) }
        return place(aliasSteps)
    }

    private mutating func root(_ value: PlanGraph.ValueID) -> PlanGraph.ValueID {
        var value = value
        while parent[value] != value {
            parent[value] = parent[parent[value]]
            value = parent[value]
        }
        return value
    }

    private mutating func join(_ value: PlanGraph.ValueID, into target: PlanGraph.ValueID) {
        let (a, b) = (root(value), root(target))
        guard a != b else { return }
        parent[a] = b
        lastUse[b] = max(lastUse[a], lastUse[b])
        isOutput[b] = isOutput[a] || isOutput[b]
        isConstant[b] = isConstant[a] || isConstant[b]
        inputPosition[b] = inputPosition[b] ?? inputPosition[a]
    }

    /// Writes results over inputs that end here.
    private mutating func reuseInputs(of step: PlanGraph.Step, _ index: Int) {
        guard let primitive = step.primitive as? any ReusesInputs else { return }
        let specs = step.inputs.map { graph.values[$0].spec }
        for (position, output) in step.outputs.enumerated() where root(output) == output {
            // A result that nobody reads must leave the place to those that somebody does.
            guard lastUse[output] > index || isOutput[output] else { continue }
            for candidate in primitive.reusableInputs(for: position, specs) {
                let input = step.inputs[candidate]
                let block = root(input)
                let isWritable =
                    !isOutput[block] && !isConstant[block]
                    && (inputPosition[block] == nil || (block == input && graph.donatedInputs.contains(input)))
                guard isWritable, lastUse[block] == index,
                    graph.values[input].layout == graph.values[output].layout,
                    graph.values[block].byteCount == graph.values[output].byteCount,
                    step.inputs.filter({ root($0) == block }).count == 1
                else { continue }
                join(output, into: input)
                break
            }
        }
    }

    private mutating func place(_ aliasSteps: Set<Int>) -> Layout {
        var slots = [Plan.BufferSlot?](repeating: nil, count: graph.values.count)
        var results: [Plan.ResultStorage] = []
        var resultOfBlock: [PlanGraph.ValueID: Int] = [:]
        var outputs: [Int] = []
        for output in graph.outputs {
            let block = root(output)
            if let known = resultOfBlock[block] {
                outputs.append(known)
                continue
            }
            resultOfBlock[block] = results.count
            outputs.append(results.count)
            results.append(inputPosition[block].map { .input($0) } ?? .fresh(graph.values[block].byteCount))
        }
        var arena = FreeList()
        var constantBytes = 0
        var ending = [[PlanGraph.ValueID]](repeating: [], count: graph.steps.count)
        for (index, step) in graph.steps.enumerated() {
            for value in step.inputs + step.outputs where slots[value] == nil {
                let block = root(value)
                if let position = inputPosition[block] {
                    slots[value] = .input(position)
                } else if let position = resultOfBlock[block] {
                    slots[value] = .result(position)
                } else if let slot = slots[block] {
                    slots[value] = slot
                } else if isConstant[block] {
                    slots[block] = .constant(constantBytes)
                    slots[value] = .constant(constantBytes)
                    constantBytes += size(of: block)
                } else {
                    let slot = Plan.BufferSlot.arena(arena.take(size(of: block)))
                    slots[block] = slot
                    slots[value] = slot
                    ending[lastUse[block]].append(block)
                }
            }
            for block in ending[index] {
                if case .arena(let offset) = slots[block] { arena.give(offset, size(of: block)) }
            }
        }
        return Layout(
            slots: slots, results: results, outputs: outputs, arenaBytes: arena.end, constantBytes: constantBytes,
            aliasSteps: aliasSteps)
    }

    private func size(of value: PlanGraph.ValueID) -> Int {
        (max(graph.values[value].byteCount, 1) + Self.alignment - 1) / Self.alignment * Self.alignment
    }
}

/// A block that grows: pieces are taken at the best fit and given back.
private struct FreeList {
    private(set) var end = 0
    private var free: [(offset: Int, size: Int)] = []

    mutating func take(_ size: Int) -> Int {
        var best: Int?
        for index in free.indices where free[index].size >= size {
            if best.map({ free[index].size < free[$0].size }) ?? true { best = index }
        }
        if let best {
            let offset = free[best].offset
            if free[best].size == size {
                free.remove(at: best)
            } else {
                free[best] = (offset + size, free[best].size - size)
            }
            return offset
        }
        // The last piece may be free and only needs to grow.
        if let last = free.last, last.offset + last.size == end {
            free.removeLast()
            end = last.offset + size
            return last.offset
        }
        defer { end += size }
        return end
    }

    mutating func give(_ offset: Int, _ size: Int) {
        let index = free.firstIndex { $0.offset > offset } ?? free.count
        free.insert((offset, size), at: index)
        if index + 1 < free.count, offset + size == free[index + 1].offset {
            free[index].size += free[index + 1].size
            free.remove(at: index + 1)
        }
        if index > 0, free[index - 1].offset + free[index - 1].size == offset {
            free[index - 1].size += free[index].size
            free.remove(at: index)
        }
    }
}
