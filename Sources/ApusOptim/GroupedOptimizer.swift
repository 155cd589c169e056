import ApusGraph
import ApusNN

/// An optimizer whose parameters are in groups with hyperparameters of their own.
///
/// A subclass says in ``record(_:_:)`` how the parameters of one group change.
open class GroupedOptimizer<Options: OptimizerOptions>: Optimizer {
    /// The groups; their options may be changed between steps.
    public final var groups: [ParameterGroup<Options>]

    /// An optimizer of groups with hyperparameters of their own.
    ///
    /// What ``Optimizer/init(_:checks:)`` refuses, and options that ``OptimizerOptions/check()`` does, are errors (see
    /// ``withTensorErrors(_:)``).
    public init(_ groups: [ParameterGroup<Options>]) {
        self.groups = groups
        super.init(groups.flatMap(\.parameters)) { () throws(TensorError) in
            for group in groups { try group.options.check() }
        }
    }

    override public final var learningRates: [Double] {
        get { groups.map(\.options.lr) }
        set { for (index, lr) in zip(groups.indices, newValue) { groups[index].options.lr = lr } }
    }

    override public final func record(_ parameters: [Parameter]) {
        let ready = Set(parameters.map(ObjectIdentifier.init))
        for group in groups {
            record(group.parameters.filter { ready.contains(ObjectIdentifier($0)) }, group.options)
        }
    }

    /// Records the updates of those parameters of one group that have gradients; see ``Optimizer/record(_:)``.
    open func record(_ parameters: [Parameter], _ options: Options) {
        preconditionFailure("\(type(of: self)) must override record(_:_:)")
    }
}
