import ApusEngine
import Testing

@testable import ApusGraph

extension GradientCases {
    static let resampling: [GradientCase] = [
        GradientCase("pad with a value", [spread([2, 3])]) { $0[0].pad([1, 2, 0, 1], value: 0.5).square() },
        GradientCase("pad, cropped", [spread([2, 3, 4])]) { $0[0].pad([-1, 2, 1, -2, 1, 0]).exp() },
        GradientCase("pad, reflected", [spread([1, 2, 3, 4])]) {
            $0[0].pad([3, 1, -1, 2], mode: .reflect).square()
        },
        GradientCase("pad, replicated", [spread([1, 2, 2, 1, 3])]) {
            $0[0].pad([2, 1, 1, 0, 0, 3], mode: .replicate).exp()
        },
        GradientCase("pad around", [spread([2, 2, 3])]) { $0[0].pad([2, 3], mode: .circular).square() },
        GradientCase("pad around, cropped", [spread([1, 3, 5])]) {
            $0[0].pad([-2, 3, 1, -1], mode: .circular).square()
        },
    ]
}
