import ApusEngine
import Testing

@testable import ApusGraph

private func transposed(
    _ stride: [Int], before: [Int], after: [Int], dilation: [Int], groups: Int = 1
) -> @Sendable ([Tensor]) -> Tensor {
    let geometry = ConvolutionGeometry(
        stride: stride, paddingBefore: before, paddingAfter: after, dilation: dilation, groups: groups)
    return { $0[0].transposedConvolution($0[1], $0.count > 2 ? $0[2] : nil, geometry: geometry) }
}

private let window = SlidingWindow(kernelSize: [2, 3], stride: [2, 1], padding: [1, 0], dilation: [1, 2])

extension GradientCases {
    static let convolutions: [GradientCase] = [
        GradientCase(
            "transposed convolution 1d", [spread([2, 3, 4]), spread([3, 2, 3]), spread([2])],
            transposed([2], before: [1], after: [0], dilation: [1])),
        GradientCase(
            "transposed convolution 2d, all", [spread([1, 4, 3, 2]), spread([4, 1, 2, 3]), spread([2])],
            transposed([2, 1], before: [1, 0], after: [0, -1], dilation: [1, 2], groups: 2)),
        GradientCase(
            "transposed convolution 3d, no bias", [spread([1, 2, 2, 2, 3]), spread([2, 2, 2, 1, 2])],
            transposed([1, 2, 2], before: [1, 0, 0], after: [1, 0, 0], dilation: [2, 1, 1])),
        GradientCase(
            "transposed convolution without a batch", [spread([2, 3, 3]), spread([2, 1, 2, 2]), spread([1])],
            transposed([2, 2], before: [0, 0], after: [0, 0], dilation: [1, 1])),
        GradientCase("unfold", [spread([2, 2, 5, 6])]) { $0[0].unfold(window).square() },
        GradientCase("unfold without a batch", [spread([2, 4, 5])]) { $0[0].unfold(window).exp() },
        GradientCase("fold", [spread([2, 12, 6])]) { $0[0].fold(window, outputSize: [4, 6]).square() },
        GradientCase("fold without a batch", [spread([6, 6])]) { $0[0].fold(window, outputSize: [4, 6]).exp() },
    ]
}
