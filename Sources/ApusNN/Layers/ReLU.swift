import ApusGraph

/// max(x, 0), element by element (`torch.nn.ReLU`).
///
/// The result has the shape of the input.
open class ReLU: Module {
    /// Printed as PyTorch does, and without other effect: tensors are values, and the engine reuses memory by itself.
    public let inplace: Bool

    public init(inplace: Bool = false) {
        self.inplace = inplace
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor { input.relu() }

    override open var extraDescription: String { inplace ? "inplace=True" : "" }
}
