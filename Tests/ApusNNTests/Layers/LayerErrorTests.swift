import ApusGraph
import ApusNN
import Testing

/// Calls that PyTorch refuses, and what their messages must name.
@Suite struct LayerErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let fragments: [String]
        let body: @Sendable () -> Void
        var testDescription: String { name }

        init(_ name: String, _ fragments: [String], _ body: @escaping @Sendable () -> Void) {
            (self.name, self.fragments, self.body) = (name, fragments, body)
        }
    }

    static let cases: [Case] = [
        Case("conv2d.channels", ["conv2d", "[3, 3, 7, 9]", "[3, 2, 3, 3]", "Expected in_channels: 3"]) {
            _ = Conv2d(2, 3, kernelSize: 3)(.zeros(3, 3, 7, 9))
        },
        Case("conv2d.kernel_too_large", ["conv2d", "[3, 2, 7, 9]", "8", "larger input"]) {
            _ = Conv2d(2, 3, kernelSize: [8, 2])(.zeros(3, 2, 7, 9))
        },
        Case("conv2d.groups_in", ["Conv2d", "inChannels: 4 is not a multiple of groups: 3"]) {
            _ = Conv2d(4, 6, kernelSize: 2, groups: 3)
        },
        Case("conv2d.groups_out", ["outChannels: 4 is not a multiple of groups: 3"]) {
            _ = Conv2d(6, 4, kernelSize: 2, groups: 3)
        },
        Case("conv2d.groups_zero", ["groups is 0. It must be at least 1."]) {
            _ = Conv2d(2, 3, kernelSize: 3, groups: 0)(.zeros(1, 2, 5, 5))
        },
        Case("conv2d.same_stride", [".same", "stride of 2"]) {
            _ = Conv2d(2, 3, kernelSize: 3, stride: 2, padding: .same)
        },
        Case("conv2d.negative_out_channels", ["outChannels is -3"]) { _ = Conv2d(2, -3, kernelSize: 3) },
        Case("conv2d.stride_zero", ["stride is 0"]) {
            _ = Conv2d(2, 3, kernelSize: 3, stride: 0)(.zeros(3, 2, 7, 9))
        },
        Case("conv2d.stride_negative", ["stride is -1"]) { _ = Conv2d(2, 3, kernelSize: 3, stride: -1) },
        Case("conv2d.dilation_zero", ["dilation is 0"]) { _ = Conv2d(2, 3, kernelSize: 3, dilation: 0) },
        Case("conv2d.padding_negative", ["padding is -1"]) { _ = Conv2d(2, 3, kernelSize: 3, padding: -1) },
        Case("conv2d.kernel_zero", ["kernelSize is 0"]) { _ = Conv2d(2, 3, kernelSize: 0)(.zeros(3, 2, 7, 9)) },
        Case("conv2d.kernel_tuple_length", ["[3, 3, 3] has 3 numbers"]) { _ = Conv2d(2, 3, kernelSize: [3, 3, 3]) },
        Case("conv2d.rank2", ["[7, 9] has 2 dimensions", "[N, 2, H, W]"]) {
            _ = Conv2d(2, 3, kernelSize: 3)(.zeros(7, 9))
        },
        Case("conv2d.rank5", ["[3, 2, 7, 9, 2] has 5 dimensions"]) {
            _ = Conv2d(2, 3, kernelSize: 3)(.zeros(3, 2, 7, 9, 2))
        },
        Case("conv2d.integer_input", ["int64", "float32"]) {
            _ = Conv2d(2, 3, kernelSize: 3)(.ones(1, 2, 4, 4, dtype: .int64))
        },
        Case("maxpool2d.padding_over_half", ["max_pool2d", "padding 2", "3"]) {
            _ = MaxPool2d(3, padding: 2)(.zeros(3, 2, 7, 9))
        },
        Case("maxpool2d.kernel_too_large", ["max_pool2d", "[3, 2, 7, 9]", "[2, 10]"]) {
            _ = MaxPool2d([2, 10])(.zeros(3, 2, 7, 9))
        },
        Case("maxpool2d.rank2", ["max_pool2d", "[7, 9] has 2 dimensions"]) { _ = MaxPool2d(2)(.zeros(7, 9)) },
        Case("maxpool2d.kernel_zero", ["MaxPool2d", "kernelSize is 0"]) { _ = MaxPool2d(0)(.zeros(3, 2, 7, 9)) },
        Case("maxpool2d.dilation_zero", ["dilation is 0"]) { _ = MaxPool2d(2, dilation: 0) },
        Case("avgpool2d.rank5", ["avg_pool2d", "[3, 2, 7, 9, 3] has 5 dimensions"]) {
            _ = AvgPool2d(2)(.zeros(3, 2, 7, 9, 3))
        },
        Case("avgpool2d.stride_zero", ["AvgPool2d", "stride is 0"]) { _ = AvgPool2d(2, stride: 0) },
        Case("avgpool2d.divisor_zero", ["divisorOverride is 0"]) { _ = AvgPool2d(2, divisorOverride: 0) },
        Case("linear.features", ["Linear(in_features: 2)", "[3, 3]", "[3, 2]", "Expected in_features: 3"]) {
            _ = Linear(2, 3)(.zeros(3, 3))
        },
        Case("linear.negative", ["inFeatures is -2"]) { _ = Linear(-2, 3) },
        Case("linear.integer_input", ["int64", "float32"]) { _ = Linear(3, 2)(.ones(2, 3, dtype: .int64)) },
        Case("flatten.dims", ["flatten", "3 comes after the last one, 1"]) {
            _ = Flatten(startDim: 3, endDim: 1)(.zeros(2, 3, 4, 5))
        },
        Case("flatten.out_of_range", ["flatten", "dimension 4 is out of range"]) {
            _ = Flatten(startDim: 1, endDim: 4)(.zeros(2, 3, 4))
        },
        Case("batchnorm2d.channels", ["[3, 2, 7, 9] has 2 channels", "Expected num_features: 2"]) {
            _ = BatchNorm2d(3)(.zeros(3, 2, 7, 9))
        },
        Case("batchnorm2d.channels_eval", ["[3, 2, 7, 9] has 2 channels", "Expected num_features: 2"]) {
            _ = BatchNorm2d(3).eval()(.zeros(3, 2, 7, 9))
        },
        Case("batchnorm2d.rank3", ["[3, 2, 7] has 3 dimensions. Expected 4"]) { _ = BatchNorm2d(2)(.zeros(3, 2, 7)) },
        Case("batchnorm2d.one_value", ["[1, 2, 1, 1]", "one value per channel"]) {
            _ = BatchNorm2d(2)(.zeros(1, 2, 1, 1))
        },
    ]

    @Test(arguments: cases)
    func isRefused(_ refused: Case) throws {
        let text = try #require(message(of: refused.body))
        for fragment in refused.fragments { #expect(text.contains(fragment), "\(text)") }
    }

    @Test func aMismatchAfterFlattenShowsWhatWasFlattened() {
        let text = message { _ = Linear(1568, 10)(Tensor.zeros(8, 64, 3, 3).flatten(from: 1)) }
        let expected =
            "Linear(in_features: 1568): the input has 576 features (64×3×3 after flatten). "
            + "Expected in_features: 576. The input is [8, 576], the weight [10, 1568]."
        #expect(text == expected)
    }

    @Test func aBatchNormThatRefusesKeepsItsStatistics() {
        let layer = BatchNorm2d(2)
        #expect(message { _ = layer(.zeros(1, 2, 1, 1)) } != nil)
        #expect(layer.runningMean?.data.value.node.isPoisoned == false)
        #expect(layer.numBatchesTracked?.data.value.node.isPoisoned == false)
    }
}
