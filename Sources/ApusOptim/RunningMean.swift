import ApusGraph

/// A mean that forgets: old · (1 − w) + new · w, in the form of `torch.lerp`.
struct RunningMean {
    /// Whether w is below ½; the form then keeps the precision of the old value, else that of the new one.
    private let keepsMost: Bool
    /// 1 − w
    private let kept: Tensor
    /// w
    private let fresh: Tensor

    /// - Parameter fresh: the weight w of the new value.
    init(fresh: Double, kept: Double, _ step: StepNumbers) {
        keepsMost = step.branch(fresh < 0.5)
        self.kept = step.scalar(kept)
        self.fresh = step.scalar(fresh)
    }

    /// A mean whose old value counts `decay`.
    init(decay: Double, _ step: StepNumbers) { self.init(fresh: 1 - decay, kept: decay, step) }

    func callAsFunction(_ old: Tensor, _ new: Tensor) -> Tensor {
        keepsMost ? old + (new - old) * fresh : new - (new - old) * kept
    }

    /// The mean of squares: old · (1 − w) + x² · w.
    func ofSquares(_ old: Tensor, _ x: Tensor) -> Tensor { old * kept + x * fresh * x }
}
