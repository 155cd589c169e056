import ApusGraph
import ApusNN

/// A classifier that in training gives further logits from its middle, whose losses are added to the main one.
public protocol AuxiliaryClassifier: Module {
    /// The logits [N, classes] of the end, and those of the auxiliary heads.
    func logitsWithAuxiliaries(_ images: Tensor) -> (logits: Tensor, auxiliaries: [Tensor])
    /// The factor of each auxiliary loss (0.3 in Szegedy et al. 2014, section 5).
    var auxiliaryWeight: Double { get }
}
