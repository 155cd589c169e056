import ApusGraph

/// 0 where −λ ≤ x ≤ λ, else x, element by element (`torch.nn.Hardshrink`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class Hardshrink: Module {
    /// λ
    public let lambd: Double

    /// The activation with any λ; a negative one keeps every x.
    ///
    /// - Parameters:
    ///   - lambd: λ; `0.5` by default.
    public init(_ lambd: Double = 0.5) {
        self.lambd = lambd
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.hardshrink(lambd: lambd) }

    override open var extraDescription: String { PythonText.of(lambd) }
}
