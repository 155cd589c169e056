import ApusCUDA
import ApusGraph
import ApusPlan

/// A plan with its table of operands; replaying it allocates nothing but the results.
final class ExecutablePlan {
    private let plan: Plan
    /// The memory of every operand of every step.
    private let table: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>
    /// Where in the table each input and each result goes.
    private var inputPositions: [[Int]]
    private var resultPositions: [[Int]]
    private var arenaPositions: [(position: Int, offset: Int)] = []
    private var boundArena: UnsafeMutableRawPointer?
    /// What the constant steps computed, and the contents of the inputs that they read then.
    private let constants: Storage?
    private let constantInputs: [Int]
    private var constantContents: [UInt64]
    private var areConstantsMade = false
    private let recordings: PlanRecordings?
    private let numbers: PlanNumbers?

    /// The inputs whose elements are gone although the last run failed.
    private(set) var overwrittenInputs: [Int] = []

    var stepCount: Int { plan.steps.count }
    var outputs: [Int] { plan.outputs }
    var arenaBytes: Int { plan.arenaBytes }
    var scratchBytes: Int { plan.scratchBytes }

    init(_ plan: Plan, inputCount: Int, on device: ComputingDevice) throws {
        self.plan = plan
        constants = plan.constantBytes > 0 ? try device.storage(byteCount: plan.constantBytes) : nil
        recordings = device.gpu.map(PlanRecordings.init)
        numbers = try device.gpu.map { try PlanNumbers($0, plan, inputCount: inputCount) }
        table = .allocate(capacity: plan.operands.count)
        inputPositions = [[Int]](repeating: [], count: inputCount)
        resultPositions = [[Int]](repeating: [], count: plan.results.count)
        var constantInputs = Set<Int>()
        for step in plan.steps.prefix(plan.constantSteps) {
            for case .input(let input) in plan.operands[step.operands] { constantInputs.insert(input) }
        }
        self.constantInputs = constantInputs.sorted()
        constantContents = [UInt64](repeating: 0, count: constantInputs.count)
        for (position, slot) in plan.operands.enumerated() {
            switch slot {
            case .input(let index): inputPositions[index].append(position)
            case .result(let index): resultPositions[index].append(position)
            case .arena(let offset): arenaPositions.append((position, offset))
            case .constant(let offset):
                if let constants { table[position] = constants.pointer + offset }
            }
        }
    }

    deinit { table.deallocate() }

    /// Memory for each result: new, or an input's, whose contents are others from now on.
    func makeResults(inputs: [Storage], on device: ComputingDevice) throws -> [Storage] {
        var results: [Storage] = []
        results.reserveCapacity(plan.results.count)
        for result in plan.results {
            switch result {
            case .fresh(let byteCount): results.append(try device.storage(byteCount: byteCount))
            case .input(let index):
                inputs[index].willBeOverwritten()
                results.append(inputs[index])
            }
        }
        return results
    }

    /// Whether an input that is a single number may lie in the processor's memory although the plan runs on a GPU.
    func copiesNumber(_ input: Int) -> Bool { numbers?.copies(input) ?? false }

    /// A number that tells contents apart: of single numbers their bits, since those are made anew in each call.
    private static func contents(of storage: Storage) -> UInt64 {
        guard storage.byteCount <= 8, storage.device == .cpu else { return storage.contents }
        var bits: UInt64 = 0
        withUnsafeMutableBytes(of: &bits) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: storage.pointer, count: storage.byteCount))
        }
        return bits
    }

    /// Runs all steps that are not computed already, under the eyes of a recorder if there is one.
    func run(
        inputs: [Storage], results: [Storage], arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer,
        recorder: ProfileRecorder?
    ) throws {
        for (index, positions) in inputPositions.enumerated() {
            let place = numbers?.place(index, of: inputs[index]) ?? inputs[index].pointer
            for position in positions { table[position] = place }
        }
        try numbers?.copy(inputs)
        for (index, positions) in resultPositions.enumerated() {
            for position in positions { table[position] = results[index].pointer }
        }
        if boundArena != arena {
            for (position, offset) in arenaPositions { table[position] = arena + offset }
            boundArena = arena
        }
        let first = readConstantInputs(inputs) ? plan.constantSteps : 0
        // What fails on the way leaves them half made.
        areConstantsMade = false
        if let recordings, recorder == nil {
            try recordings.run(first: first, table: UnsafeBufferPointer(table), scratch) {
                try runSteps(from: first, scratch, recorder: nil)
            }
        } else {
            try runSteps(from: first, scratch, recorder: recorder)
        }
        areConstantsMade = true
    }

    private func runSteps(from first: Int, _ scratch: UnsafeMutableRawPointer, recorder: ProfileRecorder?) throws {
        recorder?.planWillRun(steps: plan.steps.count - first)
        // By position: a copy of a step would retain all that it holds.
        for index in first..<plan.steps.count {
            let start = recorder?.now()
            do {
                let operands = Operands(UnsafeMutableBufferPointer(rebasing: table[plan.steps[index].operands]))
                try plan.steps[index].prepared.run(operands, scratch)
                if let recorder, let start {
                    try recordings?.synchronize()
                    recorder.record(plan.steps[index], start: start)
                }
            } catch {
                overwrittenInputs = plan.overwrites.filter { $0.step <= index }.map(\.input)
                throw (error as? TensorError)?.located(at: plan.steps[index].modulePath) ?? error
            }
        }
    }

    /// Takes the contents of the inputs that the constant steps read; whether these made the constants of the same.
    private func readConstantInputs(_ inputs: [Storage]) -> Bool {
        var areSame = areConstantsMade
        for (index, input) in constantInputs.enumerated() {
            let contents = Self.contents(of: inputs[input])
            if constantContents[index] != contents { areSame = false }
            constantContents[index] = contents
        }
        return areSame
    }
}
