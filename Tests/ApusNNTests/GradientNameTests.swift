import ApusEngine
import ApusGraph
import ApusNN
import Testing

/// What `grad_fn` shows: the names are those that PyTorch 2.15 printed for the same expressions.
@Suite("Names of gradients")
struct GradientNameTests {
    private let x = Tensor.randn(2, 3).requiringGrad()
    private let y = Tensor.randn(2, 3).requiringGrad()
    private let stack = Tensor.randn(2, 3, 4).requiringGrad()
    private let image = Tensor.randn(2, 3, 8, 8).requiringGrad()

    private func check(_ tensor: Tensor, _ name: String) { #expect(tensor.gradientFunctionName == name) }

    @Test func arithmetic() {
        check(x + y, "AddBackward0")
        check(x + 1, "AddBackward0")
        check(x - y, "SubBackward0")
        check(1 - x, "RsubBackward1")
        check(x * y, "MulBackward0")
        check(x / y, "DivBackward0")
        check(1 / x, "MulBackward0")
        check(-x, "NegBackward0")
        check(x ** 2, "PowBackward0")
        check(x ** 3, "PowBackward0")
        check(x.abs() ** y, "PowBackward1")
    }

    @Test func functions() {
        check(x.square(), "PowBackward0")
        check(x.abs(), "AbsBackward0")
        check(x.exp(), "ExpBackward0")
        check(x.abs().log(), "LogBackward0")
        check(x.abs().log1p(), "Log1PBackward0")
        check(x.expm1(), "Expm1Backward0")
        check(x.abs().sqrt(), "SqrtBackward0")
        check(x.abs().rsqrt(), "RsqrtBackward0")
        check(x.reciprocal(), "ReciprocalBackward0")
        check(x.sin(), "SinBackward0")
        check(x.cos(), "CosBackward0")
        check(x.tan(), "TanBackward0")
        check(x.tanh(), "TanhBackward0")
        check(x.sigmoid(), "SigmoidBackward0")
        check(x.relu(), "ReluBackward0")
        check(x.erf(), "ErfBackward0")
        check(x.floor(), "FloorBackward0")
        check(x.ceil(), "CeilBackward0")
        check(x.round(), "RoundBackward0")
        check(x.trunc(), "TruncBackward0")
        check(x.sign(), "SignBackward0")
        check(x.clone(), "CloneBackward0")
        check(x.cast(to: .float64), "ToCopyBackward0")
    }

    @Test func choices() {
        check(x.maximum(y), "MaximumBackward0")
        check(x.minimum(y), "MinimumBackward0")
        check(x.atan2(y), "Atan2Backward0")
        check(x.remainder(2), "RemainderBackward0")
        check(x.where(x .> 0, else: y), "WhereBackward0")
        check(x.maskedFill(x .> 0, 1), "MaskedFillBackward0")
        check(x.clamp(min: -1, max: 1), "ClampBackward1")
        check(x.clamp(min: -1), "ClampBackward1")
        check(x.clamp(max: 1), "ClampBackward1")
    }

    @Test func reductions() {
        check(x.sum(), "SumBackward0")
        check(x.sum(dim: 1), "SumBackward1")
        check(x.mean(), "MeanBackward0")
        check(x.mean(dim: 1), "MeanBackward1")
        check(x.prod(), "ProdBackward0")
        check(x.prod(dim: 1), "ProdBackward1")
        check(x.amax(dim: [1]), "AmaxBackward0")
        check(x.amin(dim: [1]), "AminBackward0")
        check(x.max(), "MaxBackward1")
        check(x.min(), "MinBackward1")
        check(x.var(), "VarBackward0")
        check(x.std(), "StdBackward0")
        check(x.logsumexp(dim: [1]), "LogsumexpBackward0")
    }

    @Test func shapes() {
        check(x.reshape(3, 2), "ViewBackward0")
        check(x.view(3, 2), "ViewBackward0")
        check(image.flatten(from: 1), "ViewBackward0")
        check(x.unflatten(dim: 1, sizes: [3, 1]), "ViewBackward0")
        check(x.unsqueeze(dim: 0).squeeze(), "SqueezeBackward0")
        check(x.unsqueeze(dim: 0).squeeze(dim: 0), "SqueezeBackward1")
        check(x.unsqueeze(dim: 0).squeeze(dim: [0, 1]), "SqueezeBackward2")
        check(x.unsqueeze(dim: 0), "UnsqueezeBackward0")
        check(stack.permute(2, 0, 1), "PermuteBackward0")
        check(x.transpose(0, 1), "TransposeBackward0")
        check(x.T, "PermuteBackward0")
        check(x.unsqueeze(dim: 0).expand(4, 2, 3), "ExpandBackward0")
        check(x[0..<1], "SliceBackward0")
        check(x[0], "SelectBackward0")
        check(x[0, 1], "SelectBackward0")
        check(x[0..., 1..<2], "SliceBackward0")
        check(x[.newAxis], "UnsqueezeBackward0")
        check(x.narrow(dim: 1, start: 0, length: 2), "SliceBackward0")
        check(x.select(dim: 1, index: 0), "SelectBackward0")
        check(x.split(1)[0], "SplitBackward0")
        check(Tensor.cat([x, y]), "CatBackward0")
        check(Tensor.stack([x, y]), "StackBackward0")
        check(x.flip(0), "FlipBackward0")
    }

    @Test func products() {
        check(x.matmul(y.T), "MmBackward0")
        check(x.matmul(y[0]), "MvBackward0")
        check(y[0..., 0].matmul(x), "SqueezeBackward4")
        check(x[0].matmul(y[0]), "DotBackward0")
        check(stack.matmul(Tensor.ones(4, 2).requiringGrad()), "UnsafeViewBackward0")
        check(stack.matmul(stack.transpose(1, 2)), "UnsafeViewBackward0")
        check(x.linear(y, Tensor.ones(2)), "AddmmBackward0")
        check(x.linear(y), "MmBackward0")
        check(stack.linear(Tensor.ones(5, 4), Tensor.ones(5)), "UnsafeViewBackward0")
        check(stack.linear(Tensor.ones(5, 4)), "UnsafeViewBackward0")
        check(x[0].linear(y, Tensor.ones(2)), "UnsafeViewBackward0")
    }

    @Test func layers() {
        let geometry = ConvolutionGeometry(
            stride: [1, 1], paddingBefore: [0, 0], paddingAfter: [0, 0], dilation: [1, 1], groups: 1)
        let pool = PoolingGeometry(
            kernelSize: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false)
        let weight = Tensor.randn(4, 3, 3, 3).requiringGrad()
        let evaluated = BatchNorm2d(3).eval()
        check(image.convolution(weight, geometry: geometry), "ConvolutionBackward0")
        check(image[0].convolution(weight, geometry: geometry), "SqueezeBackward1")
        check(image.maxPool(pool).values, "MaxPool2DWithIndicesBackward0")
        check(image[0].maxPool(pool).values, "MaxPool2DWithIndicesBackward0")
        check(image.averagePool(pool), "AvgPool2DBackward0")
        check(image[0].averagePool(pool), "AvgPool2DBackward0")
        check(BatchNorm2d(3)(image), "NativeBatchNormBackward0")
        check(evaluated(image), "NativeBatchNormBackward0")
    }

    @Test func paddings() {
        check(image.pad([1, 1]), "ConstantPadNdBackward0")
        check(image[0, 0].pad([1, 1], mode: .reflect), "ReflectionPad1DBackward0")
        check(image.pad([1, 1, 2, 0], mode: .reflect), "ReflectionPad2DBackward0")
        check(image.pad([1, 1, 1, 1, 1, 1], mode: .replicate), "ReplicationPad3DBackward0")
        check(image.pad([1, 1, 1, 1], mode: .circular), "CopySlices")
    }

    @Test func resampling() {
        let (line, volume) = (image[0], image.unsqueeze(dim: 2))
        check(interpolate(line, scaleFactor: 2), "UpsampleNearest1DBackward0")
        check(interpolate(image, scaleFactor: 2), "UpsampleNearest2DBackward0")
        check(interpolate(volume, scaleFactor: 2), "UpsampleNearest3DBackward0")
        check(interpolate(image, scaleFactor: 2, mode: .nearestExact), "UpsampleNearestExact2DBackward0")
        check(interpolate(line, scaleFactor: 2, mode: .linear), "UpsampleLinear1DBackward0")
        check(interpolate(image, scaleFactor: 2, mode: .bilinear), "UpsampleBilinear2DBackward0")
        check(interpolate(volume, scaleFactor: 2, mode: .trilinear), "UpsampleTrilinear3DBackward0")
        check(interpolate(image, scaleFactor: 2, mode: .bicubic), "UpsampleBicubic2DBackward0")
        check(interpolate(line, size: 3, mode: .area), "SqueezeBackward1")
        check(interpolate(image, size: 3, mode: .area), "AdaptiveAvgPool2DBackward0")
        check(interpolate(image, size: 1, mode: .area), "MeanBackward1")
        check(interpolate(image, size: 3, mode: .bilinear, antialias: true), "UpsampleBilinear2DAaBackward0")
        check(interpolate(image, size: 3, mode: .bicubic, antialias: true), "UpsampleBicubic2DAaBackward0")
        check(interpolate(image, size: 3, mode: .lanczos, antialias: true), "UpsampleLanczos2DAaBackward0")
    }

    @Test func shuffles() {
        let many = Tensor.ones(2, 4, 4, 4).requiringGrad()
        check(many.pixelShuffle(2), "PixelShuffleBackward0")
        check(many.pixelUnshuffle(2), "PixelUnshuffleBackward0")
        check(many.channelShuffle(2), "ChannelShuffleBackward0")
    }

    @Test func losses() {
        let t = Tensor([0, 1])
        check(x.softmax(dim: 1), "SoftmaxBackward0")
        check(x.logSoftmax(dim: 1), "LogSoftmaxBackward0")
        check(crossEntropy(x, t), "NllLossBackward0")
        check(crossEntropy(x, t, reduction: .none), "NllLossBackward0")
        check(crossEntropy(x, t, reduction: .sum), "NllLossBackward0")
        check(crossEntropy(x, t, labelSmoothing: 0.1), "AddBackward0")
        check(crossEntropy(x, Tensor.ones(2, 3) / 3), "DivBackward1")
        check(nllLoss(x, t), "NllLossBackward0")
        check(mseLoss(x, y), "MseLossBackward0")
        check(mseLoss(x, y, reduction: .sum), "MseLossBackward0")
        check(mseLoss(x, y, reduction: .none), "MseLossBackward0")
    }

    @Test(arguments: [LossReduction.mean, .sum, .none]) func lossesByReduction(_ reduction: LossReduction) {
        let index = [LossReduction.mean, .sum, .none].firstIndex(of: reduction) ?? 0
        func check(_ tensor: Tensor, _ names: String...) {
            #expect(tensor.gradientFunctionName == names[names.count == 1 ? 0 : index])
        }
        func reduced(_ loss: Tensor, _ name: String) { check(loss, "MeanBackward0", "SumBackward0", name) }
        let (p, t) = (x.sigmoid(), Tensor.ones(2, 3))
        let classes = Tensor([0, 1] as [Int64])
        reduced(l1Loss(x, t, reduction: reduction), "AbsBackward0")
        reduced(smoothL1Loss(x, t, reduction: reduction, beta: 0), "AbsBackward0")
        check(smoothL1Loss(x, t, reduction: reduction), "SmoothL1LossBackward0")
        check(huberLoss(x, t, reduction: reduction), "HuberLossBackward0")
        reduced(huberLoss(x, t, reduction: reduction, weight: t), "MulBackward0")
        check(mseLoss(x, t, reduction: reduction, weight: t), "DivBackward0", "SumBackward0", "MulBackward0")
        check(l1Loss(x, t, reduction: reduction, weight: t), "DivBackward0", "SumBackward0", "MulBackward0")
        check(binaryCrossEntropy(p, t, reduction: reduction), "BinaryCrossEntropyBackward0")
        check(
            binaryCrossEntropyWithLogits(x, t, reduction: reduction, posWeight: t),
            "BinaryCrossEntropyWithLogitsBackward0")
        reduced(poissonNLLLoss(x, t, reduction: reduction), "SubBackward0")
        reduced(poissonNLLLoss(p, t, logInput: false, full: true, reduction: reduction), "AddBackward0")
        reduced(gaussianNLLLoss(x, t, t, reduction: reduction), "MulBackward0")
        reduced(gaussianNLLLoss(x, t, t, full: true, reduction: reduction), "AddBackward0")
        reduced(hingeEmbeddingLoss(x, t, reduction: reduction), "AddBackward0")
        reduced(marginRankingLoss(x, y, t, reduction: reduction), "ClampMinBackward0")
        reduced(cosineEmbeddingLoss(x, y, t[0..., 0], reduction: reduction), "AddBackward0")
        check(multiMarginLoss(x, classes, reduction: reduction), "MultiMarginLossBackward0")
        check(
            multilabelMarginLoss(x, .zeros(2, 3, dtype: .int64), reduction: reduction),
            "MultilabelMarginLossBackward0")
        reduced(multilabelSoftMarginLoss(x, t, reduction: reduction), "DivBackward0")
        check(softMarginLoss(x, t, reduction: reduction), "SoftMarginLossBackward0")
        reduced(tripletMarginLoss(x, y, t, reduction: reduction), "ClampMinBackward0")
        reduced(tripletMarginWithDistanceLoss(x, y, t, reduction: reduction), "ClampMinBackward0")
        let planes = Tensor.zeros(2, 4, dtype: .int64)
        check(crossEntropy(stack, planes, reduction: reduction), "NllLoss2DBackward0")
        check(crossEntropy(x[0], Tensor(scalar: 1), reduction: reduction), "NllLossBackward0")
        check(crossEntropy(x, t, reduction: reduction), "DivBackward1", "NegBackward0", "NegBackward0")
    }

    @Test func divergences() {
        let t = Tensor.ones(2, 3)
        check(klDiv(x, t), "MeanBackward0")
        check(klDiv(x, t, reduction: .sum), "SumBackward0")
        check(klDiv(x, t, reduction: .none), "SubBackward0")
        check(klDiv(x, t, reduction: .none, logTarget: true), "MulBackward0")
        check(klDiv(x, t, reduction: .batchMean), "DivBackward0")
    }

    @Test func assignment() {
        var part = Tensor.zeros(2, 3)
        part[0, 1] = x[0, 0]
        check(part, "CopySlices")
        var sum = x * 1
        sum += 1
        check(sum, "AddBackward0")
        #expect(x.gradientFunctionName == nil)
        #expect((Tensor.ones(2) + 1).gradientFunctionName == nil)
    }
}
