import ApusGraph

/// x − λ above λ, x + λ below −λ, else 0, element by element (`torch.nn.Softshrink`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class Softshrink: Module {
    /// λ
    public let lambd: Double

    /// A negative λ, or one that is not finite, is an error when the layer is called.
    public init(_ lambd: Double = 0.5) {
        self.lambd = lambd
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.softshrink(lambd: lambd) }

    override open var extraDescription: String { PythonText.of(lambd) }
}
