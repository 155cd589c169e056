import ApusGraph

/// Divides each element by a power of its neighbours' mean square across channels (`torch.nn.LocalResponseNorm`;
/// Krizhevsky, Sutskever & Hinton 2012).
///
/// [N, C, …] → the same shape, y = x / (k + alpha · m)^beta, where m is the sum of the squares of the channels
/// c − ⌊size / 2⌋ … c + ⌊(size − 1) / 2⌋ divided by `size`; channels beyond the ends count as 0. An input of fewer than
/// three dimensions is an error when the layer is called.
open class LocalResponseNorm: Module {
    /// The number of channels of a window.
    public let size: Int
    /// The weight of the mean square.
    public let alpha: Double
    /// The power of the divisor.
    public let beta: Double
    /// What is added to the mean square.
    public let k: Double

    /// A normalisation over windows of `size` channels.
    ///
    /// - Parameters:
    ///   - size: the number of channels of a window, at least 1.
    ///   - alpha: the weight of the mean square; `1e-4` by default.
    ///   - beta: the power of the divisor; `0.75` by default.
    ///   - k: what is added to the mean square; `1` by default.
    ///
    /// A size below 1 is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1) {
        (self.size, self.alpha, self.beta, self.k) = (size, alpha, beta, k)
        var arguments = LayerArguments(of: "LocalResponseNorm")
        arguments.require(size, "size", atLeast: 1)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        input.localResponseNorm(size: size, alpha: alpha, beta: beta, k: k)
    }

    override open var extraDescription: String {
        "\(size), alpha=\(PythonText.of(alpha)), beta=\(PythonText.of(beta)), k=\(PythonText.of(k))"
    }
}
