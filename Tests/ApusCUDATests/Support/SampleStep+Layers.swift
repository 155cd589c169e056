import ApusPlan

@testable import ApusGraph

extension SampleStep {
    /// Products of matrices and of stacks of them.
    static var products: [SampleStep] {
        var steps: [SampleStep] = []
        for dtype in DType.allCases where dtype != .bool {
            for (left, right) in [(false, false), (true, false), (false, true), (true, true)] {
                let product = MatMul(transposesLeft: left, transposesRight: right)
                let a = left ? dtype(5, 4) : dtype(4, 5)
                let b = right ? dtype(6, 5) : dtype(5, 6)
                func stacked(_ spec: TensorSpec) -> TensorSpec { TensorSpec(Shape([3] + spec.shape.dimensions), dtype) }
                steps.append(SampleStep(product, [a, b]))
                steps.append(SampleStep(product, [stacked(a), stacked(b)]))
                guard dtype.isFloatingPoint else { continue }
                for activation in [nil, Activation.relu, .sigmoid, .tanh] {
                    let fused = FusedMatMul(product, hasBias: true, activation: activation)
                    steps.append(SampleStep(fused, [a, b, dtype(6)]))
                }
                steps.append(
                    SampleStep(FusedMatMul(product, hasBias: false, activation: .relu), [a, b]))
            }
        }
        return steps
    }

    static var normalizations: [SampleStep] {
        var steps: [SampleStep] = []
        for dtype in DType.reals {
            for x in [dtype(2, 3, 4, 4), dtype(6, 3), dtype(2, 3, 5)] {
                let c = dtype(3)
                let norm = BatchNormalization(epsilon: 1e-5, isAffine: true)
                let gradient = BatchNormalizationGradient()
                steps += [
                    SampleStep(norm, [x, c, c]),
                    SampleStep(BatchNormalization(epsilon: 1e-5, isAffine: false), [x]),
                    SampleStep(ChannelNormalization(), [x, c, c, c, c]),
                    SampleStep(gradient, [x, x, c, c, c]),
                    SampleStep(BatchNormalizationGradient(usesBatchStatistics: false), [x, x, c, c, c]),
                    SampleStep(FusedBatchNormalization(norm, addsInput: false), [x, c, c]),
                    SampleStep(FusedBatchNormalization(norm, addsInput: true), [x, c, c, x]),
                    SampleStep(FusedBatchNormalizationGradient(gradient), [x, x, c, c, c, x]),
                    SampleStep(LocalResponseNormalization(size: 2, alpha: 1e-4, beta: 0.75, k: 1), [x]),
                    SampleStep(
                        LocalResponseNormalizationGradient(
                            LocalResponseNormalization(size: 3, alpha: 1e-4, beta: 0.75, k: 1)), [x, x]),
                ]
            }
            steps += rowNormalizations(dtype)
            for isLogarithm in [true, false] {
                for (dimension, x) in [(1, dtype(4, 10)), (1, dtype(2, 3, 4, 4)), (1, dtype(2, 5000))] {
                    let softmax = Softmax(dimension: dimension, isLogarithm: isLogarithm)
                    steps.append(SampleStep(softmax, [x]))
                    steps.append(SampleStep(SoftmaxGradient(softmax), [x, x]))
                }
            }
            let unit = GatedLinearUnit(dimension: 1)
            steps.append(SampleStep(unit, [dtype(2, 6, 3)]))
            steps.append(SampleStep(GatedLinearUnitGradient(unit), [dtype(2, 6, 3), dtype(2, 3, 3)]))
        }
        return steps
    }

    /// Layer norm, group norm and RMS norm.
    private static func rowNormalizations(_ dtype: DType) -> [SampleStep] {
        var steps: [SampleStep] = []
        let x = dtype(2, 6, 4)
        for (groups, channels, run) in [(1, 24, 1), (3, 2, 4)] {
            for (subtractsMean, hasScale, hasShift) in [
                (true, true, true), (true, false, false), (false, true, false), (true, true, false),
            ] {
                let norm = RowNormalization(
                    groups: groups, channels: channels, run: run, epsilon: 1e-5, subtractsMean: subtractsMean,
                    hasScale: hasScale, hasShift: hasShift)
                let parameter = dtype(groups * channels)
                let rows = dtype(48 / norm.rowLength)
                let scale = hasScale ? [parameter] : []
                steps.append(SampleStep(norm, [x] + scale + (hasShift ? [parameter] : [])))
                steps.append(SampleStep(RowNormalizationGradient(norm), [x, x, rows, rows] + scale))
            }
        }
        return steps
    }

    static var losses: [SampleStep] {
        var steps: [SampleStep] = []
        let index = DType.int64
        for dtype in DType.reals {
            for (x, classes) in [(dtype(4, 10), index(4)), (dtype(2, 10, 3, 3), index(2, 3, 3))] {
                let picked = TensorSpec(classes.shape, dtype)
                for (ignored, isWeighted) in [(-100, true), (nil, false)] as [(Int?, Bool)] {
                    let loss = NegativeLogLikelihood(ignoreIndex: ignored, isWeighted: isWeighted)
                    let weight = isWeighted ? [dtype(10)] : []
                    steps += [
                        SampleStep(loss, [x, classes] + weight),
                        SampleStep(
                            NegativeLogLikelihoodGradient(loss, inputShape: x.shape), [picked, classes] + weight),
                        SampleStep(SoftmaxCrossEntropy(loss), [x, classes] + weight),
                        SampleStep(SoftmaxCrossEntropyGradient(loss), [x, picked, classes] + weight),
                    ]
                }
            }
            steps += [
                SampleStep(BinaryCrossEntropy(), [dtype(3, 4), dtype(3, 4)]),
                SampleStep(MultiLabelMargin(), [dtype(3, 4), index(3, 4)]),
                SampleStep(MultiLabelMarginGradient(), [dtype(3), dtype(3, 4), index(3, 4)]),
                SampleStep(VarianceFloor(1e-6), [dtype(3, 4)]),
            ]
        }
        return steps
    }
}
