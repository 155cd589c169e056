import ApusTestSupport
import Foundation
import Testing

/// Every primitive has a reference kernel, a kernel of the CPU, a gradient check and an answer of PyTorch, or a reason
/// in the lists below; a reason that is no longer needed is an error too.
@Suite("Coverage of primitives")
struct CoverageTests {
    /// Primitives that the CPU leaves to the reference backend altogether. The list is to shrink.
    private static let withoutCPUKernel: [String: String] = [
        "Arange": "made once; a loop over a few numbers",
        "GivenSlopes": "another name of the same memory; no step runs",
        "Pointwise": "the engine makes programs of all single functions",
        "Reshape": "another name of the same memory; no step runs",
    ]

    /// Primitives without a gradient check by differences.
    private static let withoutGradient: [String: String] = [
        "Arange": "no inputs",
        "ArgReduction": "positions are integers",
        "BatchNormalizationGradient": "its own gradient is recorded as simple functions instead",
        "Fill": "no inputs",
        "FusedAveragePoolGradient": "made by the engine after gradients are recorded",
        "FusedBatchNormalization": "made by the engine after gradients are recorded",
        "FusedBatchNormalizationGradient": "made by the engine after gradients are recorded",
        "FusedConvolution": "made by the engine after gradients are recorded",
        "FusedConvolutionPool": "made by the engine after gradients are recorded",
        "FusedMatMul": "made by the engine after gradients are recorded",
        "FusedPointwise": "made by the engine after gradients are recorded",
        "FusedReduction": "made by the engine after gradients are recorded",
        "LocalResponseNormalizationGradient": "its own gradient is recorded as simple functions instead",
        "OneHot": "classes are integers",
        "RandomNumbers": "no inputs that are real numbers",
        "RowNormalizationGradient": "its own gradient is recorded as simple functions instead",
        "SoftmaxCrossEntropy": "made by the engine after gradients are recorded",
        "SoftmaxCrossEntropyGradient": "made by the engine after gradients are recorded",
        "TransformBytes": "bytes and positions are integers",
    ]

    /// The cases of `GradientCases` that check a primitive's gradient; that of a gradient is checked by the second
    /// derivatives of the same case.
    private static let gradientCases: [String: [String]] = [
        "AdaptiveAveragePool": ["adaptive average pool", "adaptive average pool to more"],
        "AdaptiveAveragePoolGradient": ["adaptive average pool"],
        "AdaptiveMaxPool": ["adaptive max pool"],
        "AveragePool": ["average pool", "average pool without padding", "average pool 1d with a divisor"],
        "AveragePoolGradient": ["average pool"],
        "BatchNormalization": ["batch norm", "batch norm of rank 2, not affine"],
        "ChannelNormalization": ["batch norm by given statistics"],
        "BinaryCrossEntropy": ["binary cross-entropy"],
        "Concatenate": ["cat", "stack"],
        "Convolution": ["convolution 1d", "convolution 2d", "convolution 2d, all", "convolution 3d"],
        "ConvolutionInputGradient": ["convolution 2d, all", "transposed convolution 2d, all"],
        "ConvolutionWeightGradient": ["convolution 2d", "convolution 2d, all"],
        "Expand": ["expand"],
        "Fold": ["fold", "fold without a batch"],
        "Flip": ["flip"],
        "GatedLinearUnit": ["glu", "glu of channels"],
        "GatedLinearUnitGradient": ["glu", "glu of channels"],
        "LocalResponseNormalization": ["local response norm", "local response norm of even size"],
        "GivenSlopes": ["given slopes"],
        "Gather": ["gather", "gather of fewer rows"],
        "IndexAdd": ["index add", "index select"],
        "IndexSelect": ["index select", "index select, averaged"],
        "MatMul": ["matmul", "matmul of stacks, both transposed"],
        "MaxPool": ["max pool", "max pool 1d, dilated", "max pool 3d"],
        "MaxPoolGradient": ["max pool"],
        "MaxUnpool": ["max unpool"],
        "MultiLabelMargin": ["multi-label margin loss"],
        "MultiLabelMarginGradient": ["multi-label margin loss"],
        "NegativeLogLikelihood": ["negative log-likelihood", "weighted cross-entropy of planes"],
        "NegativeLogLikelihoodGradient": ["weighted cross-entropy of planes"],
        "Pad": ["pad with a value", "pad, reflected", "pad, cropped"],
        "PadGradient": ["pad, reflected", "pad, replicated", "pad around"],
        "Permute": ["permute", "transpose"],
        "PlaneGather": ["max pool", "max unpool"],
        "PlaneScatterAdd": ["adaptive max pool", "plane scatter"],
        "Pointwise": ["exp", "pow", "where", "remainder"],
        "RandomDropout": ["dropout", "feature dropout"],
        "Reduction": ["sum of dimensions", "mean of a dimension", "prod with a zero", "amax", "amin"],
        "Resample": ["nearest", "bilinear", "trilinear", "bicubic", "area", "antialiased"],
        "ResampleGradient": ["nearest", "bilinear", "trilinear", "bicubic", "area", "antialiased"],
        "Reshape": ["reshape"],
        "RowNormalization": ["layer norm", "rms norm", "group norm", "instance norm"],
        "Roll": ["roll"],
        "Scan": ["cumsum", "cumprod", "cumprod with zeros"],
        "Scatter": ["scatter", "scatter add", "scatter of fewer rows"],
        "Slice": ["ranges", "narrow"],
        "SliceAssign": ["slice assignment"],
        "Softmax": ["softmax", "log softmax"],
        "SoftmaxGradient": ["softmax", "log softmax of planes"],
        "VarianceFloor": ["variance floor"],
        "Unfold": ["unfold", "unfold without a batch"],
        "Sort": ["sort", "sort, descending"],
        "TopK": ["topk", "topk, smallest"],
        "Triangle": ["tril", "triu"],
    ]

    /// Primitives that no answer of PyTorch names.
    private static let withoutGolden: [String: String] = [
        "Arange": "exact integers and quotients, checked against written numbers",
        "Fill": "one number",
        "RandomNumbers": "other numbers than PyTorch's by design; moments are checked",
        "SliceAssign": "PyTorch's slices are views; checked as the gradient of slicing",
        "Expand": "checked inside of every elementwise function that broadcasts",
        "MultiLabelMargin": "an extra of PyTorch's; checked against written numbers and by differences",
        "MultiLabelMarginGradient": "an extra of PyTorch's; checked against written numbers and by differences",
        "TransformBytes": "not a function of PyTorch's; checked against the data loader's own transforms",
    ]

    /// The beginnings of the names of PyTorch's answers that a primitive's kernels compute.
    private static let goldens: [String: [String]] = [
        "ArgReduction": ["function.argmax", "function.argmin"],
        "AdaptiveAveragePool": ["layer.adaptive_avgpool1d", "layer.adaptive_avgpool2d", "layer.adaptive_avgpool3d"],
        "AdaptiveAveragePoolGradient": ["layer.adaptive_avgpool2d"],
        "AdaptiveMaxPool": ["layer.adaptive_maxpool1d", "layer.adaptive_maxpool2d", "layer.adaptive_maxpool3d"],
        "AveragePool": ["layer.avgpool1d", "layer.avgpool2d", "layer.avgpool3d"],
        "AveragePoolGradient": ["layer.avgpool2d"],
        "BatchNormalization": ["layer.batchnorm1d", "layer.batchnorm2d", "layer.batchnorm3d"],
        "BatchNormalizationGradient": ["layer.batchnorm2d.train"],
        "ChannelNormalization": ["layer.batchnorm2d.eval"],
        "BinaryCrossEntropy": ["loss.bce"],
        "Concatenate": ["function.cat", "function.stack"],
        "Convolution": ["layer.conv1d", "layer.conv2d", "layer.conv3d"],
        "ConvolutionInputGradient": ["layer.conv2d", "layer.convt2d"],
        "ConvolutionWeightGradient": ["layer.conv2d"],
        "Flip": ["function.flip"],
        "FusedAveragePoolGradient": ["model.lenet_b"],
        "FusedBatchNormalization": ["model.resnet18.train", "model.trashnet.train"],
        "FusedBatchNormalizationGradient": ["model.resnet18.train", "model.trashnet.train"],
        "FusedConvolution": ["model.lenet_a"],
        "FusedConvolutionPool": ["model.lenet_a"],
        "FusedMatMul": ["model.lenet_a", "layer.linear"],
        "FusedPointwise": ["optimizer.adam", "layer.relu", "function.where"],
        "FusedReduction": ["loss.mse", "function.norm"],
        "GatedLinearUnit": ["layer.glu"],
        "GatedLinearUnitGradient": ["layer.glu"],
        "LocalResponseNormalization": ["layer.lrn"],
        "LocalResponseNormalizationGradient": ["layer.lrn"],
        "GivenSlopes": ["loss.bce_logits"],
        "Gather": ["function.gather"],
        "IndexAdd": ["function.index_select", "layer.embedding"],
        "IndexSelect": ["function.index_select", "layer.embedding"],
        "MatMul": ["function.matmul", "function.mm", "function.bmm"],
        "MaxPool": ["layer.maxpool1d", "layer.maxpool2d", "layer.maxpool3d"],
        "MaxPoolGradient": ["layer.maxpool2d"],
        "MaxUnpool": ["layer.maxunpool1d", "layer.maxunpool2d", "layer.maxunpool3d"],
        "NegativeLogLikelihood": ["loss.nll"],
        "NegativeLogLikelihoodGradient": ["loss.nll"],
        "Pad": ["function.pad"],
        "PadGradient": ["function.pad"],
        "OneHot": ["function.one_hot"],
        "Permute": ["function.permute", "function.transpose"],
        "PlaneGather": ["layer.maxunpool2d"],
        "PlaneScatterAdd": ["layer.adaptive_maxpool2d"],
        "Pointwise": ["function.exp", "function.add", "function.pow"],
        "RandomDropout": ["layer.dropout.train_p1"],
        "Reduction": ["function.sum", "function.mean", "function.amax", "function.any"],
        "Resample": ["function.interpolate", "layer.upsample"],
        "ResampleGradient": ["function.interpolate", "layer.upsample"],
        "Reshape": ["function.reshape", "layer.flatten"],
        "RowNormalization": ["layer.layernorm", "layer.groupnorm", "layer.instancenorm2d", "layer.rmsnorm"],
        "RowNormalizationGradient": ["layer.layernorm", "layer.groupnorm"],
        "Roll": ["function.roll"],
        "Scan": ["function.cumsum", "function.cumprod"],
        "Scatter": ["function.scatter", "function.scatter_add"],
        "Slice": ["function.narrow", "function.split"],
        "Softmax": ["layer.softmax", "layer.logsoftmax"],
        "SoftmaxGradient": ["layer.softmax", "layer.logsoftmax"],
        "Sort": ["function.sort", "function.argsort"],
        "TopK": ["function.topk"],
        "Triangle": ["function.tril", "function.triu"],
        "SoftmaxCrossEntropy": ["loss.cross_entropy"],
        "SoftmaxCrossEntropyGradient": ["loss.cross_entropy"],
        "VarianceFloor": ["loss.gaussian_nll"],
        "Fold": ["layer.fold"],
        "Unfold": ["layer.unfold"],
    ]

    /// Each primitive is covered or excused, never both, and nothing else is listed.
    private func expectComplete(
        _ covered: Set<String>, excused: [String: String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let primitives = try PrimitiveScan.primitives()
        let excused = Set(excused.keys)
        #expect(primitives.subtracting(covered).subtracting(excused).sorted() == [], sourceLocation: sourceLocation)
        #expect(excused.intersection(covered).sorted() == [], "no longer needed", sourceLocation: sourceLocation)
        #expect(excused.subtracting(primitives).sorted() == [], "no such primitive", sourceLocation: sourceLocation)
    }

    @Test("each primitive has a reference kernel")
    func reference() throws {
        let kernels = try PrimitiveScan.names(
            /extension\s+(\w+)\s*:[^{]*?\bReferenceKernel\b/, in: "Sources/ApusReference/Kernels")
        try expectComplete(kernels, excused: [:])
    }

    @Test("each primitive has a kernel of the CPU, or stands in the list of fallbacks")
    func cpu() throws {
        let kernels = try PrimitiveScan.names(/extension\s+(\w+)\s*:[^{]*?\bCPULowerable\b/, in: "Sources/ApusCPU")
        try expectComplete(kernels, excused: Self.withoutCPUKernel)
    }

    @Test("each primitive's gradient is checked by differences, or has none")
    func gradients() throws {
        try expectComplete(Set(Self.gradientCases.keys), excused: Self.withoutGradient)
        let cases = Set(GradientCases.all.map(\.name))
        let missing = Self.gradientCases.values.flatMap { $0 }.filter { !cases.contains($0) }
        #expect(missing.sorted() == [])
        // Gradients of gradients are checked where the case is.
        let second = Set(GradientCases.all.filter(\.checksSecond).map(\.name))
        for (primitive, names) in Self.gradientCases where primitive.hasSuffix("Gradient") {
            #expect(names.allSatisfy(second.contains), "\(primitive)")
        }
    }

    @Test("each primitive computes answers of PyTorch, or has a reason")
    func goldens() throws {
        try expectComplete(Set(Self.goldens.keys), excused: Self.withoutGolden)
        let folder = URL(fileURLWithPath: ProjectFolder.file("Tests/Goldens")).resolvingSymlinksInPath().path
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        for (primitive, prefixes) in Self.goldens {
            for prefix in prefixes {
                #expect(files.contains { $0.hasPrefix(prefix + ".") }, "\(primitive): no golden \(prefix)")
            }
        }
    }
}
