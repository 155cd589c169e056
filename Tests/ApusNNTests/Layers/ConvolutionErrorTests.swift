import ApusGraph
import ApusNN
import Testing

/// Calls that PyTorch refuses, and what their messages must name.
@Suite struct ConvolutionErrorTests {
    static let cases: [LayerErrorTests.Case] = [
        .init("conv1d.channels", ["conv1d", "[3, 3, 7]", "[3, 2, 3]", "Expected in_channels: 3"]) {
            _ = Conv1d(2, 3, kernelSize: 3)(.zeros(3, 3, 7))
        },
        .init("conv1d.rank4", ["conv1d", "[3, 2, 7, 9] has 4 dimensions. Expected 3, [N, 2, L], or 2", "[2, L]"]) {
            _ = Conv1d(2, 3, kernelSize: 3)(.zeros(3, 2, 7, 9))
        },
        .init("conv3d.kernel_too_large", ["conv3d", "[3, 2, 4, 2, 4]", "dimension 1 [(2 + 0 + 0 − 1 · (3 − 1)"]) {
            _ = Conv3d(2, 3, kernelSize: 3)(.zeros(3, 2, 4, 2, 4))
        },
        .init("conv3d.rank3", ["[N, 2, D, H, W]"]) { _ = Conv3d(2, 3, kernelSize: 3)(.zeros(3, 2, 4)) },
        .init("conv3d.sizes", ["Conv3d", "[1, 2] has 2 numbers", "depth, height and width"]) {
            _ = Conv3d(2, 3, kernelSize: [1, 2])
        },
        .init("conv2d.circular_too_large", ["pad", "more than once"]) {
            _ = Conv2d(2, 3, kernelSize: 3, padding: 16, paddingMode: .circular)(.zeros(3, 2, 7, 9))
        },
        .init("conv2d.same_stride", ["conv2d", ".same", "stride of 2"]) {
            _ = Tensor.zeros(1, 1, 4, 4).conv2d(.ones(1, 1, 2, 2), stride: 2, padding: .same)
        },
        .init("conv2d.bias", ["conv2d", "the bias is [3]", "Expected [2]"]) {
            _ = Tensor.zeros(1, 1, 4, 4).conv2d(.ones(2, 1, 2, 2), .ones(3))
        },
        .init("conv2d.weight", ["conv2d", "the weight [2, 2] must have 4 dimensions"]) {
            _ = Tensor.zeros(1, 1, 4, 4).conv2d(.ones(2, 2))
        },
        .init("conv2d.groups", ["conv2d", "[3, 1, 2, 2] is not a multiple of groups: 2"]) {
            _ = Tensor.zeros(1, 2, 4, 4).conv2d(.ones(3, 1, 2, 2), groups: 2)
        },
        .init("convt2d.channels", ["conv_transpose2d", "[3, 3, 7, 9]", "[2, 3, 3, 3]", "Expected in_channels: 3"]) {
            _ = ConvTranspose2d(2, 3, kernelSize: 3)(.zeros(3, 3, 7, 9))
        },
        .init("convt2d.output_padding", ["outputPadding [2, 2]", "stride [2, 2]", "dilation [1, 1]"]) {
            _ = ConvTranspose2d(2, 3, kernelSize: 3, stride: 2, outputPadding: 2)(.zeros(3, 2, 7, 9))
        },
        .init("convt2d.output_padding_negative", ["outputPadding is -1"]) {
            _ = ConvTranspose2d(2, 3, kernelSize: 3, outputPadding: -1)
        },
        .init("convt2d.output_size_small", ["outputSize [14, 18]", "from [15, 19] to [16, 20]"]) {
            _ = ConvTranspose2d(2, 3, kernelSize: 3, stride: 2)(.zeros(3, 2, 7, 9), outputSize: [14, 18])
        },
        .init("convt2d.output_size_rank", ["[15] has 1 numbers", "give 2 or 4"]) {
            _ = ConvTranspose2d(2, 3, kernelSize: 3, stride: 2)(.zeros(3, 2, 7, 9), outputSize: [15])
        },
        .init("convt2d.padding_eats_output", ["(7 − 1) · 1 − 16 − 16 + 1 · (3 − 1) + 1 is -23", "less padding"]) {
            _ = ConvTranspose2d(2, 3, kernelSize: 3, padding: 16)(.zeros(3, 2, 7, 9))
        },
        .init("convt2d.padding_mode", ["ConvTranspose2d", "paddingMode is .reflect"]) {
            _ = ConvTranspose2d(2, 3, kernelSize: 3, paddingMode: .reflect)
        },
        .init("convt2d.groups", ["outChannels: 3 is not a multiple of groups: 2"]) {
            _ = ConvTranspose2d(4, 3, kernelSize: 2, groups: 2)
        },
        .init("convt1d.rank", ["conv_transpose1d", "[N, 2, L]"]) {
            _ = ConvTranspose1d(2, 3, kernelSize: 2)(.zeros(2))
        },
        .init("unfold.kernel_too_large", ["unfold", "[8, 2]", "[7, 9]", "is [0, 8]"]) {
            _ = Unfold([8, 2])(.zeros(3, 2, 7, 9))
        },
        .init("unfold.rank", ["unfold", "[3, 3]", "[N, C, H, W]"]) { _ = Unfold(2)(.zeros(3, 3)) },
        .init("unfold.stride", ["Unfold", "stride is 0"]) { _ = Unfold(2, stride: 0) },
        .init("fold.columns", ["fold", "[3, 8, 8] has 8 columns", "3 · 3 = 9"]) {
            _ = Fold([4, 4], kernelSize: 2)(.zeros(3, 8, 8))
        },
        .init("fold.channels", ["fold", "9 elements", "2 · 2 = 4"]) {
            _ = Fold([4, 4], kernelSize: 2, stride: 2)(.zeros(3, 9, 4))
        },
    ]

    @Test(arguments: cases)
    func isRefused(_ refused: LayerErrorTests.Case) throws {
        let text = try #require(message(of: refused.body))
        for fragment in refused.fragments { #expect(text.contains(fragment), "\(text)") }
    }
}
