import ApusGraph
import ApusNN

extension LayerCases {
    /// Padding, resampling and rearrangement of planes.
    static let resampling: [String: ModuleBuilder] = [:]
}
