import ApusGraph

/// log(1 + e^βx) / β, a smooth max(x, 0), element by element (`torch.nn.Softplus`; Dugas et al. 2001).
///
/// The result has the shape of the input: [*] → [*], * any dimensions. Where βx is above `threshold` the result is
/// x itself.
open class Softplus: Module {
    /// β: the larger, the nearer to max(x, 0).
    public let beta: Double
    /// βx above which the result is x itself.
    public let threshold: Double

    /// The activation with its two numbers.
    ///
    /// - Parameters:
    ///   - beta: β: the larger, the nearer to max(x, 0); `1` by default.
    ///   - threshold: βx above which the result is x itself; `20` by default.
    public init(beta: Double = 1, threshold: Double = 20) {
        (self.beta, self.threshold) = (beta, threshold)
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.softplus(beta: beta, threshold: threshold) }

    override open var extraDescription: String {
        "beta=\(PythonText.of(beta)), threshold=\(PythonText.of(threshold))"
    }
}
