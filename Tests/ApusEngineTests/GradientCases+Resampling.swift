import ApusEngine
import Testing

@testable import ApusGraph

extension GradientCases {
    static let resampling: [GradientCase] = []
}
