import ApusEngine
import Testing

@testable import ApusGraph

/// Different numbers in arbitrary order, so that differences do not change which one is the largest.
func different(_ shape: Shape) -> Tensor {
    let order = Generator(seed: 3).permutation(shape.elementCount)
    return Tensor(order.map { Double($0) / 7 - 1 }, shape: shape, dtype: .float64)
}

func convolutionFunction(
    _ stride: [Int], before: [Int], after: [Int], dilation: [Int], groups: Int = 1
) -> @Sendable ([Tensor]) -> Tensor {
    let geometry = ConvolutionGeometry(
        stride: stride, paddingBefore: before, paddingAfter: after, dilation: dilation, groups: groups)
    return { $0[0].convolution($0[1], $0.count > 2 ? $0[2] : nil, geometry: geometry) }
}

func poolingGeometry(
    _ kernel: [Int], stride: [Int], padding: [Int], dilation: [Int]? = nil, ceil: Bool = false
) -> PoolingGeometry {
    PoolingGeometry(
        kernelSize: kernel, stride: stride, padding: padding, dilation: dilation ?? kernel.map { _ in 1 },
        ceilMode: ceil)
}

extension GradientCases {
    static let products: [GradientCase] = [
        GradientCase("matmul", [spread([2, 3]), spread([3, 4])]) { $0[0].matmul($0[1]) },
        GradientCase("matmul, left transposed", [spread([3, 2]), spread([3, 4])]) {
            .record(MatMul(transposesLeft: true), $0[0], $0[1])
        },
        GradientCase("matmul, right transposed", [spread([2, 3]), spread([4, 3])]) {
            .record(MatMul(transposesRight: true), $0[0], $0[1])
        },
        GradientCase("matmul, both transposed", [spread([3, 2]), spread([4, 3])]) {
            .record(MatMul(transposesLeft: true, transposesRight: true), $0[0], $0[1])
        },
        GradientCase("matmul of stacks, both transposed", [spread([2, 3, 2]), spread([2, 4, 3])]) {
            .record(MatMul(transposesLeft: true, transposesRight: true), $0[0], $0[1])
        },
        GradientCase("inner product", [spread([5]), spread([5], seed: 2)]) { $0[0].matmul($0[1]) },
        GradientCase("matrix and vector", [spread([3, 5]), spread([5])]) { $0[0].matmul($0[1]) },
        GradientCase("vector and stack", [spread([3]), spread([2, 3, 2])]) { $0[0].matmul($0[1]) },
        GradientCase("stack and matrix", [spread([2, 3, 2]), spread([2, 3])]) { $0[0].matmul($0[1]) },
        GradientCase("stacks, broadcast", [spread([2, 1, 2, 3]), spread([2, 3, 2])]) { $0[0].matmul($0[1]) },
        GradientCase("linear", [spread([3, 4]), spread([2, 4]), spread([2])]) { $0[0].linear($0[1], $0[2]) },
        GradientCase("linear of rank 3", [spread([2, 3, 2]), spread([3, 2]), spread([3])]) {
            $0[0].linear($0[1], $0[2]).tanh()
        },
    ]

    static let layers: [GradientCase] = [
        GradientCase(
            "convolution 1d", [spread([2, 3, 7]), spread([2, 3, 3]), spread([2])],
            convolutionFunction([2], before: [1], after: [2], dilation: [1])),
        GradientCase(
            "convolution 2d", [spread([2, 2, 4, 5]), spread([3, 2, 3, 2]), spread([3])],
            convolutionFunction([1, 1], before: [1, 0], after: [1, 0], dilation: [1, 1])),
        GradientCase(
            "convolution 2d, all", [spread([1, 4, 6, 5]), spread([2, 2, 2, 3]), spread([2])],
            convolutionFunction([2, 1], before: [2, 0], after: [0, 1], dilation: [2, 1], groups: 2)),
        GradientCase(
            "convolution 2d, depthwise, no bias", [spread([1, 3, 4, 4]), spread([3, 1, 3, 3])],
            convolutionFunction([1, 2], before: [1, 1], after: [1, 1], dilation: [1, 1], groups: 3)),
        GradientCase(
            "convolution 3d", [spread([1, 2, 3, 3, 4]), spread([2, 2, 2, 2, 2]), spread([2])],
            convolutionFunction([1, 1, 2], before: [0, 1, 0], after: [0, 0, 1], dilation: [1, 1, 1])),
        GradientCase(
            "convolution without a batch", [spread([2, 4, 4]), spread([1, 2, 2, 2])],
            convolutionFunction([1, 1], before: [0, 0], after: [0, 0], dilation: [1, 1])),
        GradientCase("max pool", [different([2, 2, 5, 4])]) {
            $0[0].maxPool(poolingGeometry([2, 2], stride: [1, 2], padding: [1, 0])).values.square()
        },
        GradientCase("max pool 1d, dilated", [different([1, 2, 9])]) {
            $0[0].maxPool(poolingGeometry([3], stride: [2], padding: [1], dilation: [2], ceil: true)).values.exp()
        },
        GradientCase("max pool 3d", [different([1, 1, 3, 4, 3])]) {
            $0[0].maxPool(poolingGeometry([2, 2, 2], stride: [1, 2, 1], padding: [0, 0, 0])).values.square()
        },
        GradientCase("average pool", [spread([2, 2, 5, 4])]) {
            $0[0].averagePool(poolingGeometry([3, 2], stride: [2, 2], padding: [1, 1], ceil: true)).square()
        },
        GradientCase("average pool without padding", [spread([1, 2, 5, 4])]) {
            $0[0].averagePool(poolingGeometry([3, 2], stride: [2, 1], padding: [1, 1]), countIncludePad: false).square()
        },
        GradientCase("average pool 1d with a divisor", [spread([2, 7])]) {
            $0[0].averagePool(poolingGeometry([3], stride: [2], padding: [0]), divisorOverride: 5).exp()
        },
        GradientCase("batch norm", [spread([3, 2, 2, 2]), spread([2], seed: 2), spread([2], seed: 3)]) {
            Tensor.record(BatchNormalization(epsilon: 1e-3, isAffine: true), $0)[0]
        },
        GradientCase("batch norm of rank 2, not affine", [spread([5, 3])]) {
            Tensor.record(BatchNormalization(epsilon: 1e-3, isAffine: false), $0)[0].exp()
        },
        GradientCase("a small network", [spread([2, 1, 6, 6]), spread([2, 1, 3, 3]), spread([2]), spread([3, 8])]) {
            let convolved = convolutionFunction([1, 1], before: [0, 0], after: [0, 0], dilation: [1, 1])(
                Array($0[0...2]))
            let pooled = convolved.sigmoid().averagePool(poolingGeometry([2, 2], stride: [2, 2], padding: [0, 0]))
            return pooled.flatten(from: 1).linear($0[3]).logSoftmax(dim: 1)
        },
    ]

    static let all: [GradientCase] = [
        activations, convolutions, elementwise, furtherElementwise, indexing, layers, losses, normalization, pooling,
        products, reductions,
        resampling, scans, shapes,
    ].flatMap { $0 }
}
