import ApusGraph

/// A computation while it is being planned: steps in an order in which they can run, over numbered values.
///
/// Passes rewrite it: they merge steps, choose layouts and insert conversions. It holds no data.
public struct PlanGraph: Sendable {
    public typealias ValueID = Int

    public struct Step: Sendable {
        public var primitive: any Primitive
        public var inputs: [ValueID]
        public var outputs: [ValueID]
        public var modulePath: ModulePath?

        public init(
            _ primitive: any Primitive, inputs: [ValueID], outputs: [ValueID], modulePath: ModulePath? = nil
        ) {
            self.primitive = primitive
            self.inputs = inputs
            self.outputs = outputs
            self.modulePath = modulePath
        }
    }

    public var steps: [Step] = []
    public var values: [PlannedValue] = []
    /// The finished tensors that the plan reads, in the order in which they are bound.
    public var inputs: [ValueID] = []
    /// The values that outlive the plan.
    public var outputs: [ValueID] = []
    /// Inputs that nobody reads after the plan: results may be written over them.
    public var donatedInputs: Set<ValueID> = []
    /// The number of steps at the front that need not run again while the inputs that they read are the same.
    public var constantSteps = 0

    public init() {}

    public mutating func addValue(_ spec: TensorSpec, _ layout: PhysicalLayout = .plain) -> ValueID {
        values.append(PlannedValue(spec, layout))
        return values.count - 1
    }
}

extension PlanGraph {
    /// How often each value is read by steps; a value that outlives the plan counts once more.
    public func useCounts() -> [Int] {
        var counts = [Int](repeating: 0, count: values.count)
        for step in steps { for input in step.inputs { counts[input] += 1 } }
        for output in outputs { counts[output] += 1 }
        return counts
    }

    /// The step that makes each value; nil for the plan's inputs.
    public func producers() -> [Int?] {
        var producers = [Int?](repeating: nil, count: values.count)
        for (index, step) in steps.enumerated() { for output in step.outputs { producers[output] = index } }
        return producers
    }

    /// The steps that read each value.
    public func consumers() -> [[Int]] {
        var consumers = [[Int]](repeating: [], count: values.count)
        for (index, step) in steps.enumerated() { for input in step.inputs { consumers[input].append(index) } }
        return consumers
    }

    /// Puts other values in the place of some, everywhere they are read.
    ///
    /// Replacements may chain; outputs of the plan are replaced too.
    public mutating func replace(_ replacements: [ValueID: ValueID]) {
        guard !replacements.isEmpty else { return }
        func resolve(_ value: ValueID) -> ValueID {
            var value = value
            while let next = replacements[value] { value = next }
            return value
        }
        for index in steps.indices { steps[index].inputs = steps[index].inputs.map(resolve) }
        outputs = outputs.map(resolve)
    }

    /// Removes steps none of whose results is used.
    public mutating func removeDeadSteps() {
        var isUsed = [Bool](repeating: false, count: values.count)
        for output in outputs { isUsed[output] = true }
        var kept: [Step] = []
        for step in steps.reversed() where step.outputs.contains(where: { isUsed[$0] }) {
            for input in step.inputs { isUsed[input] = true }
            kept.append(step)
        }
        steps = kept.reversed()
    }

    /// Orders the steps so that each comes after those that make its inputs, keeping the order where it can.
    public mutating func sortSteps() {
        let producers = producers()
        var isPlaced = [Bool](repeating: false, count: steps.count)
        var ordered: [Step] = []
        ordered.reserveCapacity(steps.count)
        for root in steps.indices where !isPlaced[root] {
            var stack = [root]
            while let index = stack.last {
                if isPlaced[index] {
                    stack.removeLast()
                    continue
                }
                let missing = steps[index].inputs.compactMap { producers[$0] }.filter { !isPlaced[$0] }
                if missing.isEmpty {
                    isPlaced[index] = true
                    ordered.append(steps[index])
                    stack.removeLast()
                } else {
                    stack += missing
                }
            }
        }
        steps = ordered
    }
}

extension PlanGraph: CustomStringConvertible {
    /// One line a step: results, operation, inputs, layer.
    public var description: String {
        func describe(_ value: ValueID) -> String {
            let planned = values[value]
            let layout = planned.layout == .plain ? "" : " \(planned.layout)"
            return "%\(value):\(planned.spec.dtype)\(planned.spec.shape.brackets)\(layout)"
        }
        var lines: [String] = []
        for step in steps {
            let results = step.outputs.map(describe).joined(separator: ", ")
            let arguments = step.inputs.map { "%\($0)" }.joined(separator: ", ")
            let path = step.modulePath.map { $0.text.isEmpty ? "" : "  # \($0.text)" } ?? ""
            lines.append("  \(results) = \(step.primitive.name)(\(arguments))\(path)")
        }
        lines.append("  -> " + outputs.map { "%\($0)" }.joined(separator: ", "))
        return lines.joined(separator: "\n")
    }
}
