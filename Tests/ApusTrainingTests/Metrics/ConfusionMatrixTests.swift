import ApusGraph
import ApusTraining
import Testing

@Suite struct ConfusionMatrixTests {
    /// scikit-learn 1.x, `precision_recall_fscore_support(labels, predicted, zero_division=0)`, worked out by hand:
    /// class 0 is right twice and once taken for 1; class 1 right once, and once taken for 0; nothing is of class 2.
    @Test func measuresFollowFromTheCounts() {
        var matrix = ConfusionMatrix(classCount: 3)
        matrix.add(predicted: [0, 0, 1], labels: [0, 0, 0])
        matrix.add(predicted: [1, 0], labels: [1, 1])
        #expect(matrix.counts == [[2, 1, 0], [1, 1, 0], [0, 0, 0]])
        #expect(matrix.sampleCount == 5)
        #expect(matrix.accuracy == 0.6)
        #expect(matrix.precision(of: 0) == 2.0 / 3)
        #expect(matrix.recall(of: 0) == 2.0 / 3)
        #expect(matrix.precision(of: 1) == 0.5)
        #expect(matrix.recall(of: 1) == 0.5)
        #expect(abs(matrix.f1(of: 0) - 2.0 / 3) < 1e-15)
        #expect(matrix.support(of: 2) == 0)
        #expect(matrix.precision(of: 2) == 0 && matrix.recall(of: 2) == 0 && matrix.f1(of: 2) == 0)
    }

    @Test func logitsAreTakenForTheLargest() throws {
        var matrix = ConfusionMatrix(classCount: 2)
        try matrix.add(logits: Tensor([1, 2, 4, 3] as [Float], shape: [2, 2]), labels: Tensor([1, 1] as [Int64]))
        #expect(matrix.counts == [[0, 0], [1, 1]])
        #expect(ConfusionMatrix(classCount: 2).accuracy.isNaN)
    }

    @Test(arguments: [(1, 1), (2, 2), (3, 3), (9, 3)]) func topAccuracyCountsTheLargest(k: Int, correct: Int) {
        let logits = Tensor([3, 2, 1, 1, 2, 3, 1, 3, 2] as [Float], shape: [3, 3])
        let labels = Tensor([0, 0, 2] as [Int64])
        // The right class comes first, third and second.
        #expect(Accuracy.topCorrectCount(logits, labels, k: k).item(as: Int.self) == correct)
        #expect(Accuracy.correctCount(logits, labels).item(as: Int.self) == 1)
    }
}
