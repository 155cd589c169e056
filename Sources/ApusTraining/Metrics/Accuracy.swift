import ApusEngine
import ApusGraph

/// Classification accuracy: the share of samples whose largest logit is that of their class.
public enum Accuracy {
    /// Records how many rows of `logits` [N, C] have their largest element at the class in `labels` [N].
    ///
    /// Returns a scalar of type `int64`, computed when it is read; no gradient is recorded. Of equal logits the first
    /// wins, as in `torch.argmax`.
    public static func correctCount(_ logits: Tensor, _ labels: Tensor) -> Tensor {
        noGrad { (logits.detach().argmax(dim: 1) .== labels).sum() }
    }
}
