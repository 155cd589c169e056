import ApusGraph
import Testing

@testable import ApusTraining

@Suite struct OutstandingBatchesTests {
    /// Batches of one sample with the losses 1, 2, …; each is called by its number.
    private func batches(
        _ count: Int, on device: LateDevice
    ) -> (queue: OutstandingBatches<Int>, outcomes: [StepOutcome]) {
        var queue = OutstandingBatches<Int>()
        let outcomes = (1...count).map { number in
            queue.append(device.numbers(KnownNumbers(Double(number), 1)), count: 1, number)
        }
        return (queue, outcomes)
    }

    private func metrics(_ count: Int) -> ClassificationMetrics {
        var metrics = ClassificationMetrics()
        for number in 0..<count { metrics.add(meanLoss: Double(number + 1), correctCount: 1, count: 1) }
        return metrics
    }

    @Test(arguments: [0, 2, 5]) func theOldestComesFirstAndTheLastAreLeft(left: Int) throws {
        var (queue, _) = batches(5, on: LateDevice(lateness: 0))
        var taken: [Int] = []
        while let (outcome, batch) = queue.removeOldest(leaving: left) {
            #expect(try outcome.meanLoss() == Double(batch))
            taken.append(batch)
        }
        #expect(taken == Array(1...5).dropLast(left))
    }

    /// Who asks for a batch waits for those before it, each is read once, and those behind it are left alone.
    @Test func batchesAreReadInTheirOrder() {
        let device = LateDevice(lateness: 9)
        let (queue, outcomes) = batches(5, on: device)
        #expect(outcomes[2].metrics == metrics(3))
        #expect(device.read == [1, 2, 3])
        #expect(outcomes[0].metrics == metrics(1))
        #expect(outcomes[2].metricsBefore == metrics(2))
        #expect(device.read == [1, 2, 3])
        #expect(queue.metrics == metrics(5))
        #expect(device.read == [1, 2, 3, 4, 5])
        #expect(device.waited == [1, 2, 3, 4, 5])
    }

    @Test(arguments: [0, 2, 4, 9]) func whatHasArrivedIsToldWithoutWaiting(lateness: Int) {
        let device = LateDevice(lateness: lateness)
        let (_, outcomes) = batches(5, on: device)
        #expect(outcomes[4].arrivedMetrics == metrics(max(0, 5 - lateness)))
        #expect(device.waited.isEmpty)
    }

    @Test func metricsGoOnBehindEarlierOnes() {
        var queue = OutstandingBatches<Void>(behind: metrics(3))
        #expect(queue.metrics == metrics(3))
        _ = queue.append(KnownNumbers(4, 1), count: 1, ())
        #expect(queue.metrics == metrics(4))
    }

    @Test func aBatchThatCouldNotBeComputedAddsNothingAndIsThrown() throws {
        var queue = OutstandingBatches<Void>()
        _ = queue.append(KnownNumbers(1, 1), count: 1, ())
        let failed = queue.append(KnownNumbers(TensorError("nll_loss", "the class 7 is out of range")), count: 1, ())
        _ = queue.append(KnownNumbers(2, 1), count: 1, ())
        #expect(failed.metrics == metrics(1))
        #expect(queue.metrics == metrics(2))
        try queue.check(leaving: 2)
        let error = #expect(throws: TensorError.self) { try queue.check(leaving: 0) }
        #expect(error?.message == "the class 7 is out of range")
    }
}
