import ApusGraph

/// x − λ above λ, x + λ below −λ, else 0, element by element (`torch.nn.Softshrink`).
///
/// The result has the shape of the input: [*] → [*], * any dimensions.
open class Softshrink: Module {
    /// λ
    public let lambd: Double

    /// The activation with its λ.
    ///
    /// - Parameters:
    ///   - lambd: λ, at least 0 and finite; `0.5` by default.
    ///
    /// Another λ is an error when the layer is called (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ lambd: Double = 0.5) {
        self.lambd = lambd
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.softshrink(lambd: lambd) }

    override open var extraDescription: String { PythonText.of(lambd) }
}
