import ApusEngine
import ApusGraph
import ApusTraining
import Testing

@Suite struct ClassificationMetricsTests {
    @Test func batchesAreWeightedByTheirSize() {
        var metrics = ClassificationMetrics()
        metrics.add(meanLoss: 2, correctCount: 6, count: 8)
        metrics.add(meanLoss: 1, correctCount: 0, count: 2)
        #expect(metrics.sampleCount == 10)
        #expect(metrics.loss == 1.8)
        #expect(metrics.accuracy == 0.6)
    }

    @Test func metricsOfNothingAreNotNumbers() {
        #expect(ClassificationMetrics().loss.isNaN)
        #expect(ClassificationMetrics().accuracy.isNaN)
    }

    @Test func theFirstOfEqualLogitsCounts() {
        let logits = Tensor([[1, 5, 5], [0, 0, 2], [9, 1, 1], [3, 3, 3]] as [[Float]])
        let count = Accuracy.correctCount(logits, Tensor([1, 2, 1, 0] as [Int64]))
        #expect(count.dtype == .int64)
        #expect(count.item(as: Int.self) == 3)
        #expect(!Accuracy.correctCount(logits.requiringGrad(), Tensor([1, 2, 1, 0] as [Int64])).requiresGrad)
    }
}
