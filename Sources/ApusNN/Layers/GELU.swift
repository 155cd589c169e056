import ApusGraph

/// x · Φ(x) with the distribution function Φ of the standard normal distribution, element by element (`torch.nn.GELU`;
/// Hendrycks & Gimpel 2016).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class GELU: Module {
    /// Whether Φ is exact, or ½ · (1 + tanh(√(2/π) · (x + 0.044715 x³))).
    public let approximate: GELUApproximation

    /// The activation, exact or not.
    ///
    /// - Parameters:
    ///   - approximate: `.none` for the exact Φ, `.tanh` for ½ · (1 + tanh(√(2/π) · (x + 0.044715 x³))); `.none` by
    ///     default.
    public init(approximate: GELUApproximation = .none) {
        self.approximate = approximate
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.gelu(approximate: approximate) }

    override open var extraDescription: String { "approximate='\(approximate.rawValue)'" }
}
