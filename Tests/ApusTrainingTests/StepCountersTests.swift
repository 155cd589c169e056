import ApusTestSupport
import Foundation
import Testing

/// What the engine does from step to step, measured in a process of its own.
@Suite struct StepCountersTests {
    private struct Reading {
        let step: Int
        let plansMade: Int
        let cacheHits: Int
        let allocations: Int
        let residentPages: Int
    }

    private func readings(steps: Int) throws -> [Int: Reading] {
        let outcome = try BuiltProgram("TrainingProbe").run(["\(steps)"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        var readings: [Int: Reading] = [:]
        for line in outcome.lines {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            try #require(numbers.count == 5, "\(line)")
            readings[numbers[0]] = Reading(
                step: numbers[0], plansMade: numbers[1], cacheHits: numbers[2], allocations: numbers[3],
                residentPages: numbers[4])
        }
        return readings
    }

    @Test func fromTheThirdStepOnThePlanIsThereAndNothingIsAllocated() throws {
        let readings = try readings(steps: 10)
        for step in 3...10 {
            let before = try #require(readings[step - 1])
            let after = try #require(readings[step])
            #expect(after.plansMade == before.plansMade, "step \(step) made a plan")
            #expect(after.cacheHits > before.cacheHits, "step \(step) found no plan")
            #expect(after.allocations == before.allocations, "step \(step) took memory from the system")
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/statm"), "resident size is read from /proc"))
    func memoryStaysFlatOver2000Steps() throws {
        let readings = try readings(steps: 2000)
        let early = try #require(readings[200]).residentPages
        let late = try #require(readings[2000]).residentPages
        // The bound that the project sets itself: 2 % above step 200.
        #expect(Double(late) <= Double(early) * 1.02, "\(early) pages at step 200, \(late) at step 2000")
    }
}
