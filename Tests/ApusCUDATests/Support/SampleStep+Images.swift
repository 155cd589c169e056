import ApusPlan

@testable import ApusGraph

extension SampleStep {
    /// [N, C, …] with one to three spatial dimensions of 8.
    private static func images(_ dtype: DType, _ channels: Int, _ rank: Int, size: Int = 8) -> TensorSpec {
        TensorSpec(Shape([2, channels] + [Int](repeating: size, count: rank)), dtype)
    }

    private static func times(_ rank: Int, _ value: Int) -> [Int] { [Int](repeating: value, count: rank) }

    static var pooling: [SampleStep] {
        var steps: [SampleStep] = []
        for dtype in DType.reals {
            for rank in 1...3 {
                let x = images(dtype, 3, rank)
                let geometry = PoolingGeometry(
                    kernelSize: times(rank, 3), stride: times(rank, 2), padding: times(rank, 1),
                    dilation: times(rank, 1), ceilMode: rank == 2)
                let pooled = Shape([2, 3] + (0..<rank).map { geometry.outputSize(8, $0) })
                let result = TensorSpec(pooled, dtype)
                let positions = TensorSpec(pooled, .int64)
                steps += [
                    SampleStep(MaxPool(geometry), [x]),
                    SampleStep(MaxPoolGradient(geometry, inputShape: x.shape), [result, positions]),
                    SampleStep(MaxUnpool(times(rank, 8)), [result, positions]),
                ]
                for (countsPadding, divisor) in [(true, nil), (false, nil), (true, 5)] as [(Bool, Int?)] {
                    let pool = AveragePool(geometry, countIncludePad: countsPadding, divisorOverride: divisor)
                    steps.append(SampleStep(pool, [x]))
                    let gradient = AveragePoolGradient(pool, inputShape: x.shape)
                    steps.append(SampleStep(gradient, [result]))
                    steps.append(SampleStep(FusedAveragePoolGradient(gradient, .sigmoid), [x, result]))
                }
                let adaptive = images(dtype, 3, rank, size: 3)
                steps += [
                    SampleStep(AdaptiveAveragePool(times(rank, 3)), [x]),
                    SampleStep(AdaptiveAveragePoolGradient(inputShape: x.shape), [adaptive]),
                    SampleStep(AdaptiveMaxPool(times(rank, 3)), [x]),
                ]
            }
        }
        return steps
    }

    static var convolutions: [SampleStep] {
        var steps: [SampleStep] = []
        for dtype in DType.reals {
            for rank in 1...3 {
                for (groups, channels, outputs) in [(1, 3, 4), (2, 4, 6), (4, 4, 4)] {
                    let geometry = ConvolutionGeometry(
                        stride: times(rank, 1), paddingBefore: times(rank, 1), paddingAfter: times(rank, 1),
                        dilation: times(rank, 1), groups: groups)
                    let x = images(dtype, channels, rank)
                    let weight = TensorSpec(Shape([outputs, channels / groups] + times(rank, 3)), dtype)
                    let y = images(dtype, outputs, rank)
                    steps += convolution(geometry, x, weight, y)
                }
                // Strided, dilated, and padded on one side only, with a crop as of transposed convolutions.
                let uneven = ConvolutionGeometry(
                    stride: times(rank, 2), paddingBefore: times(rank, 2), paddingAfter: times(rank, 0),
                    dilation: times(rank, 2), groups: 1)
                let y = images(dtype, 4, rank, size: 3)
                let weight = TensorSpec(Shape([4, 3] + times(rank, 3)), dtype)
                steps += convolution(uneven, images(dtype, 3, rank), weight, y)
            }
        }
        return steps
    }

    static func convolution(
        _ geometry: ConvolutionGeometry, _ x: TensorSpec, _ weight: TensorSpec, _ y: TensorSpec,
        precision: Precision = .full
    ) -> [SampleStep] {
        let dtype = x.dtype
        let bias = TensorSpec([weight.shape[0]], dtype)
        let convolution = Convolution(geometry, precision: precision)
        let pool = MaxPool(
            PoolingGeometry(
                kernelSize: times(geometry.spatialRank, 2), stride: times(geometry.spatialRank, 2),
                padding: times(geometry.spatialRank, 0), dilation: times(geometry.spatialRank, 1), ceilMode: false))
        // The transposed convolution's bias has one number for each of its own output channels.
        let inputBias = TensorSpec([x.shape[1]], dtype)
        var steps = [
            SampleStep(convolution, [x, weight]), SampleStep(convolution, [x, weight, bias]),
            SampleStep(ConvolutionInputGradient(geometry, inputShape: x.shape, precision: precision), [y, weight]),
            SampleStep(
                ConvolutionInputGradient(geometry, inputShape: x.shape, precision: precision), [y, weight, inputBias]),
            SampleStep(
                ConvolutionWeightGradient(
                    geometry, weightShape: weight.shape, withBias: false, precision: precision), [x, y]),
            SampleStep(
                ConvolutionWeightGradient(
                    geometry, weightShape: weight.shape, withBias: true, precision: precision), [x, y]),
        ]
        for activation in [Activation.relu, .sigmoid, .tanh] {
            steps.append(SampleStep(FusedConvolution(convolution, activation), [x, weight, bias]))
            steps.append(SampleStep(FusedConvolution(convolution, addsInput: true, activation), [x, weight, bias, y]))
            steps.append(SampleStep(FusedConvolutionPool(convolution, pool, activation), [x, weight, bias]))
        }
        steps.append(SampleStep(FusedConvolution(convolution, addsInput: true, nil), [x, weight, y]))
        steps.append(SampleStep(FusedConvolutionPool(convolution, pool, nil), [x, weight]))
        return steps
    }

    static var resampling: [SampleStep] {
        var steps: [SampleStep] = []
        let filters: [ResamplingFilter] = [
            .nearest, .nearestExact, .linear(alignsCorners: true), .linear(alignsCorners: false), .area,
        ]
        let planar: [ResamplingFilter] = [
            .cubic(alignsCorners: true), .cubic(alignsCorners: false),
            .antialiased(.linear, alignsCorners: false), .antialiased(.cubic, alignsCorners: true),
            .antialiased(.lanczos, alignsCorners: false),
        ]
        for dtype in DType.reals {
            for rank in 1...3 {
                let x = images(dtype, 3, rank)
                for filter in filters + (rank == 2 ? planar : []) {
                    let resample = Resample(
                        outputSizes: times(rank, 5), scales: [Double?](repeating: nil, count: rank), filter: filter)
                    steps.append(SampleStep(resample, [x]))
                    steps.append(
                        SampleStep(ResampleGradient(resample, inputShape: x.shape), [images(dtype, 3, rank, size: 5)]))
                }
            }
            let window = SlidingWindow(kernelSize: [3, 2], stride: [2, 1], padding: [1, 0], dilation: [1, 2])
            let columns = window.blocks([8, 8]).reduce(1, *)
            steps += [
                SampleStep(Unfold(window), [images(dtype, 3, 2)]),
                SampleStep(Fold(window, outputSize: [8, 8]), [dtype(2, 18, columns)]),
            ]
        }
        return steps
    }
}
