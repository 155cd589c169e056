import ApusEngine
import ApusGraph

/// How often samples of each class were taken for each class, and the measures that follow from it.
///
/// Precision, recall and F1 as in `sklearn.metrics.precision_recall_fscore_support`, where a quotient by 0 is 0.
public struct ConfusionMatrix: Sendable, Hashable {
    /// The counts: rows are the true classes, columns the predicted ones.
    public private(set) var counts: [[Int]]

    /// A matrix of nothing yet.
    public init(classCount: Int) {
        precondition(classCount > 0, "ConfusionMatrix: \(classCount) classes; at least 1 is needed")
        counts = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
    }

    /// The number of classes.
    public var classCount: Int { counts.count }

    /// Adds samples by their classes; both lists have one length, and classes in `0 ..< classCount`.
    public mutating func add(predicted: [Int], labels: [Int]) {
        precondition(predicted.count == labels.count, "ConfusionMatrix: as many predictions as labels are needed")
        for (prediction, label) in zip(predicted, labels) { counts[label][prediction] += 1 }
    }

    /// Adds a batch of logits [N, C] with labels [N]; what is pending is computed.
    ///
    /// - Throws: `TensorError` where the tensors cannot be computed.
    public mutating func add(logits: Tensor, labels: Tensor) throws {
        let predicted = noGrad { logits.detach().argmax(dim: 1) }
        try Tensor.evaluate([predicted, labels])
        add(predicted: try predicted.elements(as: Int.self), labels: try labels.elements(as: Int.self))
    }

    /// How many samples were added.
    public var sampleCount: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// The share of samples on the diagonal; NaN without samples.
    public var accuracy: Double {
        Double(counts.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(sampleCount)
    }

    /// How many samples are of a class (`support`).
    public func support(of label: Int) -> Int { counts[label].reduce(0, +) }

    /// Of the samples that were taken for the class, the share that are of it: TP / (TP + FP).
    public func precision(of label: Int) -> Double {
        Self.share(counts[label][label], of: counts.reduce(0) { $0 + $1[label] })
    }

    /// Of the samples of the class, the share that were taken for it: TP / (TP + FN).
    public func recall(of label: Int) -> Double { Self.share(counts[label][label], of: support(of: label)) }

    /// The harmonic mean of precision P and recall R: 2 · P · R / (P + R).
    public func f1(of label: Int) -> Double {
        let (precision, recall) = (precision(of: label), recall(of: label))
        return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
    }

    private static func share(_ part: Int, of whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
}
