import ApusPlan

@testable import ApusCUDA
@testable import ApusGraph

extension SampleStep {
    /// Products of lower precision, and the steps that leave images as they lie behind them.
    static var reducedPrecision: [SampleStep] {
        let layouts = [CUDALayout.channelsLast] + HalfType.allCases.map(CUDALayout.channelsLast)
        let precisions = Precision.allCases.filter { $0 != .full }
        return precisions.flatMap(products) + layouts.flatMap(channelsLast) + conversions
    }

    private static func products(_ precision: Precision) -> [SampleStep] {
        let dtype = DType.float32
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [1, 1], paddingAfter: [1, 1], dilation: [1, 1], groups: 1)
        var steps = convolution(
            geometry, dtype(2, 8, 6, 6), dtype(16, 8, 3, 3), dtype(2, 16, 6, 6), precision: precision)
        for (left, right) in [(false, false), (true, false), (false, true), (true, true)] {
            let product = MatMul(transposesLeft: left, transposesRight: right, precision: precision)
            let (a, b) = (left ? dtype(5, 4) : dtype(4, 5), right ? dtype(6, 5) : dtype(5, 6))
            steps.append(SampleStep(product, [a, b]))
            steps.append(SampleStep(FusedMatMul(product, hasBias: true, activation: .relu), [a, b, dtype(6)]))
        }
        return steps
    }

    private static func channelsLast(_ layout: CUDALayout) -> [SampleStep] {
        let x = DType.float32(2, 8, 6, 6)
        let c = DType.float32(8)
        let norm = BatchNormalization(epsilon: 1e-5, isAffine: true)
        let gradient = BatchNormalizationGradient()
        let pool = MaxPool(
            PoolingGeometry(kernelSize: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false))
        let sum = FusedPointwise(
            inputTypes: [.float32, .float32],
            instructions: [
                .init(.function(.add), operands: [0, 1], dtype: .float32),
                .init(.function(.relu), operands: [2], dtype: .float32),
            ], results: [3], shapes: [x.shape])
        return [
            SampleStep(norm, [x, c, c], in: layout), SampleStep(ChannelNormalization(), [x, c, c, c, c], in: layout),
            SampleStep(gradient, [x, x, c, c, c], in: layout),
            SampleStep(FusedBatchNormalization(norm, addsInput: false), [x, c, c], in: layout),
            SampleStep(FusedBatchNormalization(norm, addsInput: true), [x, c, c, x], in: layout),
            SampleStep(FusedBatchNormalizationGradient(gradient), [x, x, c, c, c, x], in: layout),
            SampleStep(pool, [x], in: layout), SampleStep(sum, [x, x], in: layout),
        ]
    }

    private static var conversions: [SampleStep] {
        let halves = HalfType.allCases
        let layouts =
            [CUDALayout(), .channelsLast] + halves.map(CUDALayout.plain) + halves.map(CUDALayout.channelsLast)
        return layouts.flatMap { source in
            layouts.map { SampleStep(Relayout(), [DType.float32(2, 8, 6, 6)], in: source, to: $0) }
        }
    }
}
