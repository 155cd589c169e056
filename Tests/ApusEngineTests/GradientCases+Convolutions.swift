import ApusEngine
import Testing

@testable import ApusGraph

extension GradientCases {
    static let convolutions: [GradientCase] = []
}
