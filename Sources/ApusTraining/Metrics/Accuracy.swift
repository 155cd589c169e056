import ApusEngine
import ApusGraph

/// Classification accuracy: the share of samples whose largest logit is that of their class.
public enum Accuracy {
    /// Records how many rows of `logits` [N, C] have their largest element at the class in `labels`.
    ///
    /// Returns a scalar of type `int64`, computed when it is read; no gradient is recorded. Of equal logits the first
    /// wins, as in `torch.argmax`.
    ///
    /// - Parameters:
    ///   - logits: [N, C].
    ///   - labels: classes [N], or probabilities [N, C] as ``/ApusData/MixUp`` makes them: the likeliest class counts.
    public static func correctCount(_ logits: Tensor, _ labels: Tensor) -> Tensor {
        noGrad { (logits.detach().argmax(dim: 1) .== classes(labels)).sum() }
    }

    /// Records how many rows of `logits` [N, C] have the class in `labels` [N] among their `k` largest elements.
    ///
    /// Returns a scalar of type `int64`, computed when it is read; no gradient is recorded. Where there are fewer than
    /// `k` classes, all rows count.
    public static func topCorrectCount(_ logits: Tensor, _ labels: Tensor, k: Int) -> Tensor {
        noGrad {
            let largest = logits.detach().topk(min(k, logits.shape[1]), dim: 1).indices
            return (largest .== classes(labels).unsqueeze(dim: 1)).sum()
        }
    }

    private static func classes(_ labels: Tensor) -> Tensor { labels.rank == 2 ? labels.argmax(dim: 1) : labels }
}
