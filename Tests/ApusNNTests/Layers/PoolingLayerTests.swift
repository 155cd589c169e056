import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// Poolings small enough to be found by hand; PyTorch's own answers are compared by the conformance tests.
@Suite struct PoolingLayerTests {
    /// The expected texts were printed by PyTorch 2.15.
    static let refused: [LayerErrorTests.Case] = [
        LayerErrorTests.Case(
            "avg_pool3d",
            ["avg_pool3d: the window [3, 3, 3] is larger than the input [1, 4, 5, 1, 5]", "padding aside"]
        ) {
            _ = AvgPool3d(3, padding: 1)(.zeros(4, 5, 1, 5))
        },
        LayerErrorTests.Case(
            "max_unpool1d", ["max_unpool1d: the indices [1, 2, 3] must have the input's shape [2, 3]"]
        ) {
            _ = MaxUnpool1d(2)(.zeros(2, 3), indices: .zeros([1, 2, 3], dtype: .int64))
        },
        LayerErrorTests.Case("MaxPool1d", ["MaxPool1d: kernelSize is 0. It must be at least 1."]) {
            _ = MaxPool1d(0)
        },
        LayerErrorTests.Case("AvgPool3d", ["AvgPool3d: kernelSize: [1, 2] has 2 numbers"]) {
            _ = AvgPool3d([1, 2])
        },
        LayerErrorTests.Case("AvgPool3d", ["AvgPool3d: divisorOverride is 0"]) {
            _ = AvgPool3d(2, divisorOverride: 0)
        },
        LayerErrorTests.Case("avg_pool1d", ["avg_pool1d: the padding 2 is more than half of the kernel size 3"]) {
            _ = AvgPool1d(3, padding: 2)(.zeros(1, 9))
        },
        LayerErrorTests.Case("max_pool2d", ["max_pool2d: the padding 2 is more than half of the kernel size 3"]) {
            _ = MaxPool2d(3, padding: 2, dilation: 2)(.zeros(1, 1, 9, 9))
        },
        LayerErrorTests.Case(
            "max_pool3d", ["max_pool3d: the input [2, 2] has 2 dimensions. Expected 5, [N, C, D, H, W]"]
        ) {
            _ = MaxPool3d(2)(.zeros(2, 2))
        },
        LayerErrorTests.Case(
            "max_pool1d", ["max_pool1d: the input [1, 2, 3, 4] has 4 dimensions. Expected 3, [N, C, L]"]
        ) {
            _ = MaxPool1d(2)(.zeros(1, 2, 3, 4))
        },
        LayerErrorTests.Case("LPPool2d", ["LPPool2d: normType is 0"]) {
            _ = LPPool2d(0, kernelSize: 2)
        },
        LayerErrorTests.Case("lp_pool2d", ["lp_pool2d: kernelSize is 0"]) {
            _ = Tensor.zeros(1, 2, 4, 4).lpPool2d(2, kernelSize: 0)
        },
        LayerErrorTests.Case("avg_pool2d", ["avg_pool2d: stride is -1"]) {
            _ = Tensor.zeros(1, 2, 4, 4).avgPool2d(2, stride: -1)
        },
        LayerErrorTests.Case("AdaptiveAvgPool2d", ["AdaptiveAvgPool2d: outputSize is -2. It must be at least 0."]) {
            _ = AdaptiveAvgPool2d(-2)
        },
        LayerErrorTests.Case("AdaptiveMaxPool2d", ["AdaptiveMaxPool2d: outputSize is (2, -1)"]) {
            _ = AdaptiveMaxPool2d([2, -1])
        },
        LayerErrorTests.Case("AdaptiveAvgPool2d", ["AdaptiveAvgPool2d: outputSize: (2, 2, 2) has 3 numbers"]) {
            _ = AdaptiveAvgPool2d([2, 2, 2])
        },
        LayerErrorTests.Case("adaptive_avg_pool2d", ["adaptive_avg_pool2d: the input [7, 9] has 2 dimensions"]) {
            _ = AdaptiveAvgPool2d(2)(.zeros(7, 9))
        },
        LayerErrorTests.Case("adaptive_max_pool2d", ["adaptive_max_pool2d: the input is int64"]) {
            _ = AdaptiveMaxPool2d(2)(.ones(1, 1, 5, 5, dtype: .int64))
        },
        LayerErrorTests.Case("adaptive_max_pool1d", ["adaptive_max_pool1d: the input [2, 3, 0] is empty"]) {
            _ = AdaptiveMaxPool1d(2)(.zeros(2, 3, 0))
        },
        LayerErrorTests.Case("MaxUnpool2d", ["MaxUnpool2d: unpooling needs the indices"]) {
            _ = MaxUnpool2d(2)(.zeros(1, 1, 2, 2))
        },
        LayerErrorTests.Case(
            "max_unpool2d", ["max_unpool2d: the indices [1, 1, 2, 3] must have the shape of the input [1, 1, 2, 2]"]
        ) {
            _ = MaxUnpool2d(2)(.zeros(1, 1, 2, 2), indices: .zeros(1, 1, 2, 3, dtype: .int64))
        },
        LayerErrorTests.Case("max_unpool2d", ["max_unpool2d: the indices are float32. Expected int64"]) {
            _ = MaxUnpool2d(2)(.zeros(1, 1, 2, 2), indices: .zeros(1, 1, 2, 2))
        },
        LayerErrorTests.Case(
            "MaxUnpool2d",
            [
                "MaxUnpool2d: outputSize: [2, 4] does not belong to the input [1, 1, 2, 2]. "
                    + "Spatial dimension 0 must be between 3 and 5"
            ]
        ) {
            _ = MaxUnpool2d(2)(.zeros(1, 1, 2, 2), indices: .zeros(1, 1, 2, 2, dtype: .int64), outputSize: [2, 4])
        },
        LayerErrorTests.Case(
            "MaxUnpool1d", ["MaxUnpool1d: outputSize: [2, 4] has 2 numbers. Give the 1 spatial sizes, or all 3"]
        ) {
            _ = MaxUnpool1d(2)(.zeros(1, 1, 2), indices: .zeros(1, 1, 2, dtype: .int64), outputSize: [2, 4])
        },
        LayerErrorTests.Case("max_unpool2d", ["max_unpool2d: the input [4] has 1 dimensions"]) {
            _ = MaxUnpool2d(2)(.zeros(4), indices: .zeros(4, dtype: .int64))
        },
    ]

    @Test(arguments: refused)
    func isRefused(_ refused: LayerErrorTests.Case) throws {
        let text = try #require(message(of: refused.body))
        for fragment in refused.fragments { #expect(text.contains(fragment), "\(text)") }
    }

    /// Values show when they are computed.
    @Test func refusesIndicesOutside() {
        let error = #expect(throws: TensorError.self) {
            try withTensorErrors {
                let indices = Tensor([[[0, 99]]])
                try MaxUnpool1d(2)(.ones(1, 1, 2), indices: indices).withElements { _ in }
            }
        }
        #expect(error?.message.contains("the position 99 is out of range for planes of 4 elements") == true)
    }
}
