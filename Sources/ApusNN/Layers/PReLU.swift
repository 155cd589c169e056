import ApusGraph

/// x where x > 0, else weight · x with slopes that are learnt (`torch.nn.PReLU`; He et al. 2015).
///
/// [N, C, *] → [N, C, *] with a slope for each channel, or [*] → [*] with one slope for all.
///
/// State: `weight` [numParameters], each `init` at first.
open class PReLU: Module {
    /// The number of slopes: 1, or that of the channels.
    public let numParameters: Int
    /// The slopes [numParameters].
    public let weight: Parameter

    /// The activation with slopes that are learnt.
    ///
    /// - Parameters:
    ///   - numParameters: the number of slopes: one for all, or one for each channel; `1` by default.
    ///   - initial: each slope at first; `0.25` by default.
    ///
    /// A negative number of slopes is an error (see ``/ApusGraph/withTensorErrors(_:)``), and so is one that is neither
    /// 1 nor the number of the input's channels when the layer is called.
    public init(numParameters: Int = 1, `init` initial: Double = 0.25) {
        self.numParameters = numParameters
        var arguments = LayerArguments(of: "PReLU")
        arguments.require(numParameters, "numParameters", atLeast: 0)
        weight = arguments.parameter { .full([numParameters], initial) }
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.prelu(weight.tensor) }

    override open var extraDescription: String { "num_parameters=\(numParameters)" }
}
