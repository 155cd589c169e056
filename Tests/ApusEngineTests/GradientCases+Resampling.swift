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
        GradientCase("nearest", [spread([1, 2, 3, 4])]) {
            $0[0].interpolate(scaleFactor: [2, 1.5]).square()
        },
        GradientCase("nearest exact, smaller", [spread([2, 1, 7])]) {
            $0[0].interpolate(size: [3], mode: .nearestExact).exp()
        },
        GradientCase("linear", [spread([2, 2, 3])]) { $0[0].interpolate(size: [7], mode: .linear).square() },
        GradientCase("bilinear", [spread([1, 2, 3, 4])]) {
            $0[0].interpolate(scaleFactor: [2.5, 0.6], mode: .bilinear).square()
        },
        GradientCase("bilinear with corners", [spread([1, 1, 3, 4])]) {
            $0[0].interpolate(size: [5, 1], mode: .bilinear, alignCorners: true).exp()
        },
        GradientCase("trilinear", [spread([1, 1, 2, 3, 2])]) {
            $0[0].interpolate(size: [3, 2, 4], mode: .trilinear).square()
        },
        GradientCase("bicubic", [spread([1, 1, 3, 4])]) {
            $0[0].interpolate(size: [5, 3], mode: .bicubic).square()
        },
        GradientCase("area", [spread([1, 2, 5, 3])]) { $0[0].interpolate(size: [2, 4], mode: .area).square() },
        GradientCase("antialiased", [spread([1, 1, 7, 5])]) {
            $0[0].interpolate(size: [3, 2], mode: .bicubic, antialias: true).square()
                + $0[0].interpolate(size: [3, 2], mode: .lanczos, antialias: true).exp()
        },
        GradientCase("pixel shuffle", [spread([1, 4, 2, 3])]) { $0[0].pixelShuffle(2).square() },
        GradientCase("pixel unshuffle", [spread([2, 4, 6])]) { $0[0].pixelUnshuffle(2).exp() },
        GradientCase("channel shuffle", [spread([1, 6, 2])]) { $0[0].channelShuffle(3).square() },
    ]
}
