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

    /// The inputs whose elements are gone although the last run failed.
    private(set) var overwrittenInputs: [Int] = []

    var stepCount: Int { plan.steps.count }
    var outputs: [Int] { plan.outputs }
    var arenaBytes: Int { plan.arenaBytes }
    var scratchBytes: Int { plan.scratchBytes }

    init(_ plan: Plan, inputCount: Int) {
        self.plan = plan
        table = .allocate(capacity: plan.operands.count)
        inputPositions = [[Int]](repeating: [], count: inputCount)
        resultPositions = [[Int]](repeating: [], count: plan.results.count)
        for (position, slot) in plan.operands.enumerated() {
            switch slot {
            case .input(let index): inputPositions[index].append(position)
            case .result(let index): resultPositions[index].append(position)
            case .arena(let offset): arenaPositions.append((position, offset))
            }
        }
    }

    deinit { table.deallocate() }

    /// Memory for each result: new, or an input's.
    func makeResults(inputs: [Storage]) -> [Storage] {
        plan.results.map { result in
            switch result {
            case .fresh(let byteCount): Storage(byteCount: byteCount)
            case .input(let index): inputs[index]
            }
        }
    }

    /// Runs all steps.
    func run(
        inputs: [Storage], results: [Storage], arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
    ) throws {
        for (index, positions) in inputPositions.enumerated() {
            for position in positions { table[position] = inputs[index].pointer }
        }
        for (index, positions) in resultPositions.enumerated() {
            for position in positions { table[position] = results[index].pointer }
        }
        if boundArena != arena {
            for (position, offset) in arenaPositions { table[position] = arena + offset }
            boundArena = arena
        }
        for (index, step) in plan.steps.enumerated() {
            let range = step.firstOperand..<(step.firstOperand + step.operandCount)
            do {
                try step.prepared.run(Operands(UnsafeMutableBufferPointer(rebasing: table[range])), scratch)
            } catch {
                overwrittenInputs = plan.overwrites.filter { $0.step <= index }.map(\.input)
                throw (error as? TensorError)?.located(at: step.modulePath) ?? error
            }
        }
    }
}
