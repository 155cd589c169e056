import ApusGraph

/// What becomes of the losses of a batch.
public enum LossReduction: Sendable, Hashable {
    /// Their mean; a weighted one where the loss has class weights.
    case mean
    case sum
    /// They are returned one by one.
    case none
}
