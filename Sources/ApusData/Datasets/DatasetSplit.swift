/// The part of a data set to load.
public enum DatasetSplit: String, Sendable, CaseIterable {
    /// The part to train on.
    case train
    /// The part that is held back to measure on.
    case test
}
