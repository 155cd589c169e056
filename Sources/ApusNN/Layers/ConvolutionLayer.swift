import ApusGraph

/// What stands beyond the border of a convolution's input.
public enum ConvolutionPaddingMode: String, Sendable, Hashable, CaseIterable {
    case zeros
    /// The image mirrored at its outermost elements, which are not repeated.
    case reflect
    /// The outermost elements.
    case replicate
    /// The other end of the image.
    case circular

    /// nil where the convolution itself adds zeros.
    var pad: PadMode? {
        switch self {
        case .zeros: nil
        case .reflect: .reflect
        case .replicate: .replicate
        case .circular: .circular
        }
    }
}

/// The arguments of a convolution as its layer is given them.
struct ConvolutionArguments {
    /// The class's name, for messages.
    var layer: String
    var rank: Int
    var isTransposed = false
    /// nil where the first batch is to say it.
    var inChannels: Int?
    var outChannels: Int
    var kernelSize: any SpatialSize
    var stride: any SpatialSize
    var padding: ConvolutionPadding
    var outputPadding: any SpatialSize = 0
    var dilation: any SpatialSize
    var groups: Int
    var hasBias: Bool
    var paddingMode: ConvolutionPaddingMode
}

/// What the convolutions and transposed convolutions of one, two and three dimensions share: their arguments, their
/// parameters and how they are printed (`torch.nn.modules.conv._ConvNd`).
///
/// Use ``Conv2d``, ``ConvTranspose2d`` and their kin: [N, C, …] or [C, …] → [N, O, …] or [O, …].
open class ConvolutionLayer: Module {
    /// The number C of input channels; 0 for a lazy layer, such as ``LazyConv2d``, before its first batch.
    public private(set) var inChannels: Int
    /// The number O of output channels.
    public let outChannels: Int
    /// The size of the windows along each spatial dimension.
    public let kernelSize: SpatialSizes
    /// The step from window to window along each spatial dimension.
    public let stride: SpatialSizes
    /// What is added on both sides of each spatial dimension.
    public let padding: ConvolutionPadding
    /// What a transposed convolution adds at the ends of its result.
    public let outputPadding: SpatialSizes
    /// The distance of a window's elements along each spatial dimension.
    public let dilation: SpatialSizes
    /// The number of groups of channels.
    public let groups: Int
    /// What stands in the padding.
    public let paddingMode: ConvolutionPaddingMode
    /// The kernels [O, C / groups, kernel sizes …], or [C, O / groups, kernel sizes …] of a transposed convolution.
    public let weight: Parameter
    /// The bias [O]; nil where there is none.
    public let bias: Parameter?
    /// The attributes of the convolution; of a transposed one, those of the convolution whose transpose it is.
    let geometry: ConvolutionGeometry
    /// The padding in `pad`'s order, from the last dimension, where the border is other than zeros.
    private let border: [Int]
    private let isTransposed: Bool
    /// Whether the first batch is to say what ``inChannels`` is.
    private(set) var isLazy: Bool

    /// The number of spatial dimensions.
    var spatialRank: Int { geometry.spatialRank }

    init(_ given: ConvolutionArguments) {
        (inChannels, outChannels, groups) = (given.inChannels ?? 0, given.outChannels, given.groups)
        (paddingMode, isTransposed) = (given.paddingMode, given.isTransposed)
        var arguments = LayerArguments(of: given.layer)
        kernelSize = arguments.sizes(given.kernelSize, "kernelSize", rank: given.rank, atLeast: 1)
        stride = arguments.sizes(given.stride, "stride", rank: given.rank, atLeast: 1)
        dilation = arguments.sizes(given.dilation, "dilation", rank: given.rank, atLeast: 1)
        outputPadding = arguments.sizes(given.outputPadding, "outputPadding", rank: given.rank, atLeast: 0)
        padding = given.padding.resolved(rank: given.rank, of: &arguments)
        if let inChannels = given.inChannels { arguments.require(inChannels, "inChannels", atLeast: 1) }
        arguments.require(outChannels, "outChannels", atLeast: 1)
        arguments.require(groups, "groups", atLeast: 1)
        if groups >= 1 {
            for (name, count) in [("inChannels", inChannels), ("outChannels", outChannels)] {
                arguments.require(
                    count % groups == 0,
                    "\(name): \(count) is not a multiple of groups: \(groups). Each group takes "
                        + "an equal part of the channels.")
            }
        }
        padding.requireSize(stride: stride, of: &arguments)
        arguments.require(
            !isTransposed || paddingMode == .zeros,
            "paddingMode is .\(paddingMode). A transposed convolution takes .zeros only: its padding is cut off the "
                + "result.")
        let zeros = padding.zeros(kernelSize: kernelSize, dilation: dilation)
        let (before, after) = paddingMode == .zeros ? zeros : (zeros.before.map { _ in 0 }, zeros.after.map { _ in 0 })
        geometry = ConvolutionGeometry(
            stride: stride.sizes, paddingBefore: before, paddingAfter: after, dilation: dilation.sizes, groups: groups)
        border = zip(zeros.before, zeros.after).reversed().flatMap { [$0, $1] }
        let perGroup = max(groups, 1)
        let channels: [Int?] =
            isTransposed
            ? [given.inChannels, outChannels / perGroup] : [outChannels, given.inChannels.map { $0 / perGroup }]
        let kernels = PartialShape(channels + kernelSize.sizes)
        isLazy = given.inChannels == nil && arguments.areValid
        if isLazy {
            weight = Parameter(uninitialized: kernels)
            bias = given.hasBias ? Parameter(uninitialized: [outChannels]) : nil
        } else {
            let (shape, outputs) = (kernels.completed(with: 0), given.outChannels)
            weight = arguments.parameter { Initializer.defaultWeight(shape) }
            bias = given.hasBias ? arguments.parameter { Initializer.defaultBias(outputs, of: shape) } : nil
        }
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        accepting(input, "conv\(spatialRank)d") {
            let padded = paddingMode.pad.map { input.pad(border, mode: $0) } ?? input
            return padded.convolution(weight.tensor, bias?.tensor, geometry: geometry)
        }
    }

    /// The result that `body` makes of an input that is a batch or one sample, which ends the layer's laziness; other
    /// inputs are refused.
    func accepting(
        _ input: Tensor, _ operation: @autoclosure () -> String, _ body: () throws(TensorError) -> Tensor
    ) -> Tensor {
        .checked(like: [input]) { () throws(TensorError) in
            // After an error there is no batch to learn from.
            if isLazy, input.value.node.isPoisoned { return .poisoned(like: [input]) }
            if let error = rankError(input, operation()) { throw error }
            if isLazy { try initialize(for: input) }
            return try body()
        }
    }

    /// Takes ``inChannels`` from kernels that were loaded, or else from the input, and draws what was not loaded.
    private func initialize(for input: Tensor) throws(TensorError) {
        guard input.dtype.isFloatingPoint else {
            throw TensorError(
                typeName, "the first batch is \(input.shape.brackets) of \(input.dtype). Expected .float32 or .float64."
            )
        }
        let channels: Int
        let origin: String
        if weight.isInitialized {
            channels = isTransposed ? weight.shape[0] : weight.shape[1] * groups
            origin = "the loaded weight \(weight.shape.brackets) takes"
        } else {
            channels = input.shape[input.rank - spatialRank - 1]
            origin = "the first batch \(input.shape.brackets) has"
        }
        guard channels >= 1, channels % groups == 0 else {
            throw TensorError(
                typeName,
                "\(origin) \(channels) channels. Expected a positive multiple of groups: \(groups), each of which takes "
                    + "an equal part of the channels.")
        }
        (inChannels, isLazy) = (channels, false)
        let kernels =
            weight.unknown?.shape.completed(with: isTransposed ? channels : channels / groups) ?? weight.shape
        weight.initialize { Initializer.defaultWeight(kernels) }
        bias?.initialize { Initializer.defaultBias(outChannels, of: kernels) }
    }

    /// Refuses inputs that are neither a batch nor one sample.
    private func rankError(_ input: Tensor, _ operation: @autoclosure () -> String) -> TensorError? {
        guard input.rank != spatialRank + 1, input.rank != spatialRank + 2 else { return nil }
        let positions = spatialRank == 1 ? ["L"] : ["D", "H", "W"].suffix(spatialRank)
        let sample = ([isLazy ? "C" : "\(inChannels)"] + positions).joined(separator: ", ")
        return TensorError(
            operation(),
            "the input \(input.shape.brackets) has \(input.rank) dimensions. Expected \(spatialRank + 2), "
                + "[N, \(sample)], or \(spatialRank + 1) without a batch, [\(sample)].")
    }

    override open var extraDescription: String {
        var text = "\(inChannels), \(outChannels), kernel_size=\(kernelSize.tupleText), stride=\(stride.tupleText)"
        switch padding.kind {
        case .sizes(let sizes): if !sizes.areAll(0) { text += ", padding=\(sizes.tupleText)" }
        case .same: text += ", padding=same"
        case .valid: text += ", padding=valid"
        }
        if !dilation.areAll(1) { text += ", dilation=\(dilation.tupleText)" }
        if !outputPadding.areAll(0) { text += ", output_padding=\(outputPadding.tupleText)" }
        if groups != 1 { text += ", groups=\(groups)" }
        if bias == nil { text += ", bias=False" }
        if paddingMode != .zeros { text += ", padding_mode=\(paddingMode.rawValue)" }
        return text
    }
}
