import ApusOptim

/// Shrinks the gradients of each update so that their common norm is at most `maxNorm`: ``/ApusOptim/clipGradNorm(_:maxNorm:normType:errorIfNonfinite:)``.
public final class GradientNormClipping: TrainerCallback {
    /// The largest norm that is left.
    public let maxNorm: Double

    /// - Parameter maxNorm: the largest norm that is left, above 0.
    public init(maxNorm: Double) {
        precondition(maxNorm > 0, "GradientNormClipping: maxNorm \(maxNorm) is not above 0")
        self.maxNorm = maxNorm
    }

    public func gradientsAreReady(_ trainer: Trainer) {
        clipGradNorm(trainer.optimizer.parameters, maxNorm: maxNorm)
    }
}
