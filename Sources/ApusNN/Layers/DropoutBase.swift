import ApusGraph

/// What the dropouts share: a probability, and doing nothing in evaluation mode
/// (`torch.nn.modules.dropout._DropoutNd`).
///
/// [*] → [*]. Use ``Dropout``, ``Dropout2d`` and their kin. The numbers are drawn from `Generator.shared`;
/// ``/ApusGraph/manualSeed(_:)`` makes them repeat.
open class DropoutBase: Module {
    /// The probability of a zero.
    public let p: Double
    /// Printed only: tensors are values, and nothing is computed in place.
    public let inplace: Bool

    init(_ layer: String, _ p: Double, inplace: Bool) {
        (self.p, self.inplace) = (p, inplace)
        var arguments = LayerArguments(of: layer)
        arguments.require(p >= 0 && p <= 1, "the probability p is \(p). Expected 0 to 1.")
        super.init()
    }

    override open var extraDescription: String { "p=\(PythonText.of(p)), inplace=\(PythonText.of(inplace))" }
}
