import ApusGraph

/// Normalises groups of channels of each sample (`torch.nn.GroupNorm`; Wu & He 2018).
///
/// [N, C, …] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias, where mean and variance (divided by
/// the number of elements) are taken over the C / `numGroups` channels of a group and all positions. An input with
/// another number of channels than an affine layer has is an error when the layer is called, and so are groups of a
/// single value in the whole batch.
///
/// State: `weight` [C] (ones) and `bias` [C] (zeros) where `affine`.
open class GroupNorm: Module {
    /// The number of groups.
    public let numGroups: Int
    /// The number C of channels.
    public let numChannels: Int
    /// ε, which keeps the root away from 0.
    public let eps: Double
    /// Whether there are a scale and a shift.
    public let affine: Bool
    /// The scale [C]; nil where there is none.
    public let weight: Parameter?
    /// The shift [C]; nil where there is none.
    public let bias: Parameter?

    /// A normalisation of `numChannels` channels in `numGroups` groups.
    ///
    /// - Parameters:
    ///   - numGroups: the number of groups, at least 1.
    ///   - numChannels: the channels C of the input, a multiple of `numGroups`.
    ///   - eps: ε, which keeps the root away from 0; `1e-5` by default.
    ///   - affine: whether there are a learnt scale and shift for each channel; `true` by default.
    ///   - bias: whether an affine layer has the shift, not the scale alone; `true` by default.
    ///
    /// Other numbers are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ numGroups: Int, _ numChannels: Int, eps: Double = 1e-5, affine: Bool = true, bias: Bool = true) {
        (self.numGroups, self.numChannels, self.eps, self.affine) = (numGroups, numChannels, eps, affine)
        var arguments = LayerArguments(of: "GroupNorm")
        arguments.require(numGroups, "numGroups", atLeast: 1)
        arguments.require(numChannels, "numChannels", atLeast: 0)
        arguments.require(
            numGroups < 1 || numChannels % numGroups == 0,
            "numGroups \(numGroups) does not divide numChannels \(numChannels).")
        weight = affine ? arguments.parameter { .ones([numChannels]) } : nil
        self.bias = affine && bias ? arguments.parameter { .zeros([numChannels]) } : nil
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        if affine, input.rank >= 2, input.shape[1] != numChannels {
            return .refuse(
                TensorError(
                    "group_norm",
                    "the input \(input.shape.brackets) has \(input.shape[1]) channels, the layer has num_channels: "
                        + "\(numChannels). Expected num_channels: \(input.shape[1])."), like: [input])
        }
        return input.groupNorm(numGroups: numGroups, weight: weight?.tensor, bias: bias?.tensor, eps: eps)
    }

    override open var extraDescription: String {
        "\(numGroups), \(numChannels), eps=\(PythonText.of(eps)), affine=\(PythonText.of(affine)), "
            + "bias=\(PythonText.of(bias != nil))"
    }
}
