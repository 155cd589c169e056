import ApusEngine
import ApusGraph
import ApusNN

/// An optimizer whose parameters are in groups with hyperparameters of their own.
///
/// A subclass says in ``record(_:_:)`` how the parameters of one group change.
open class GroupedOptimizer<Options: OptimizerOptions>: Optimizer {
    /// The groups; their options may be changed between steps.
    public final var groups: [ParameterGroup<Options>]
    /// The newest template, which that of the next step is like.
    private var newest: UpdateTemplate?

    /// An optimizer of `groups` with hyperparameters of their own.
    ///
    /// What ``Optimizer/init(_:checks:)`` refuses, and options that ``OptimizerOptions/check()`` does, are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ groups: [ParameterGroup<Options>]) {
        self.groups = groups
        super.init(groups.flatMap(\.parameters)) { () throws(TensorError) in
            for group in groups { try group.options.check() }
        }
    }

    /// Takes in a further group, such as layers that are no longer frozen (`add_param_group`).
    ///
    /// What the initialiser refuses is an error (see ``/ApusGraph/withTensorErrors(_:)``); the optimizer is then
    /// unchanged.
    public final func add(_ group: ParameterGroup<Options>) {
        do throws(TensorError) {
            guard !group.parameters.isEmpty else {
                throw TensorError(name, "the new group has no parameters. Pass those of a layer.")
            }
            try group.options.check()
            try add(group.parameters)
            groups.append(group)
        } catch {
            TensorError.raise(error)
        }
    }

    override public final var learningRates: [Double] {
        get { groups.map(\.options.lr) }
        set { for (index, lr) in zip(groups.indices, newValue) { groups[index].options.lr = lr } }
    }

    override public final var momenta: [Double]? {
        get {
            let momenta = groups.compactMap(\.options.cycledMomentum)
            return momenta.count == groups.count ? momenta : nil
        }
        set {
            for (index, momentum) in zip(groups.indices, newValue ?? []) {
                groups[index].options.cycledMomentum = momentum
            }
        }
    }

    override public final func record(_ parameters: [Parameter]) {
        if parameters.count == self.parameters.count {
            for group in groups { record(group.parameters, group.options) }
            return
        }
        let ready = Set(parameters.map(ObjectIdentifier.init))
        for group in groups {
            record(group.parameters.filter { ready.contains(ObjectIdentifier($0)) }, group.options)
        }
    }

    /// Records the updates of those parameters of one group that have gradients; see ``Optimizer/record(_:)``.
    open func record(_ parameters: [Parameter], _ options: Options) {
        preconditionFailure("\(type(of: self)) must override record(_:_:)")
    }

    /// Gives each parameter the value that `rule` makes of its value, its gradient and its state.
    ///
    /// `makeScalars` makes the step's numbers as tensors. Parameters of one type that have had equally many steps share
    /// them, which lets the engine update all in one sweep. The state that `rule` sees counts the step already.
    ///
    /// - Parameters:
    ///   - parameters: parameters of one group.
    ///   - maximize: whether `rule` gets the negated gradient.
    ///   - makeScalars: makes the step's numbers as tensors.
    ///   - rule: the new value, by the value, the gradient, the state and those numbers.
    public final func update<Scalars>(
        _ parameters: [Parameter], maximize: Bool, scalars makeScalars: (StepKey) -> Scalars,
        rule: (_ data: Tensor, _ gradient: Tensor, _ state: inout OptimizerState, _ scalars: Scalars) -> Tensor
    ) {
        // By the key: one as a rule, which is why these are no dictionaries.
        var shared: [(key: StepKey, scalars: Scalars)] = []
        var templates: [(key: StepKey, template: UpdateTemplate)] = []
        for parameter in parameters {
            guard let slope = parameter.grad else { continue }
            var state = takeState(of: parameter)
            state.step += 1
            let old = parameter.data
            let key = StepKey(step: state.step, dtype: old.dtype, numbers: state.numbers)
            let (data, gradient) = (old, maximize ? -slope : slope)
            let template = templates.first { $0.key == key }?.template
            if let updated = template?.record(data, gradient, &state) {
                parameter.data = updated
                keep(state, of: parameter)
            } else {
                // A rule may fail.
                var unchanged = state
                unchanged.step -= 1
                keep(unchanged, of: parameter)
                let scalars: Scalars
                if let known = shared.first(where: { $0.key == key }) {
                    scalars = known.scalars
                } else {
                    scalars = makeScalars(key)
                    shared.append((key, scalars))
                }
                let before = state
                let updated = rule(data, gradient, &state, scalars)
                parameter.data = updated
                if template == nil,
                    let template = UpdateTemplate(data, gradient, before, to: updated, state, like: newest)
                {
                    templates.append((key, template))
                    newest = template
                    // Recorded once more, so that the first parameter is part of the sweep.
                    state = before
                    parameter.data = template.record(data, gradient, &state) ?? updated
                }
                setState(state, of: parameter)
            }
        }
    }
}

/// A rule as it was recorded for one parameter, for the other parameters of the same type and step.
private struct UpdateTemplate {
    private let chain: ElementwiseTemplate
    /// The tensors of the state that the rule reads, and those that it makes.
    private let before: [String]
    private let after: [String]
    private let numbers: [String: Double]

    /// nil where the rule is more than elementwise functions, or makes new tensors, as in a parameter's first step.
    init?(
        _ data: Tensor, _ gradient: Tensor, _ before: OptimizerState, to updated: Tensor, _ after: OptimizerState,
        like earlier: UpdateTemplate?
    ) {
        let names = before.tensors.keys.sorted()
        guard names == after.tensors.keys.sorted() else { return nil }
        // What the rule leaves as it is need not be made.
        let changed = names.filter { name in
            guard let old = before.tensors[name]?.value, let new = after.tensors[name]?.value else { return true }
            return old.node !== new.node || old.output != new.output
        }
        let inputs = [data, gradient] + names.compactMap { before.tensors[$0] }
        guard
            let chain = ElementwiseTemplate(
                from: inputs, to: [updated] + changed.compactMap { after.tensors[$0] }, like: earlier?.chain)
        else { return nil }
        (self.chain, self.before, self.after, numbers) = (chain, names, changed, after.numbers)
    }

    /// The new value of another parameter, whose state changes too; nil where the template does not fit it.
    func record(_ data: Tensor, _ gradient: Tensor, _ state: inout OptimizerState) -> Tensor? {
        guard state.tensors.count == before.count else { return nil }
        let inputs = [data, gradient] + before.compactMap { state.tensors[$0] }
        guard inputs.count == before.count + 2, chain.fits(inputs) else { return nil }
        let results = chain.record(inputs)
        for (name, tensor) in zip(after, results.dropFirst()) { state.tensors[name] = tensor }
        state.numbers = numbers
        return results[0]
    }
}

/// What the numbers of a step depend on beside the hyperparameters.
public struct StepKey: Hashable, Sendable {
    /// The parameter's step, from 1.
    public let step: Int
    /// The parameter's type.
    public let dtype: DType
    /// ``OptimizerState/numbers`` before the step.
    public let numbers: [String: Double]

    /// A number as a tensor that the plan reads: it may change from step to step without a new plan.
    func scalar(_ value: Double) -> Tensor { Tensor(scalar: value, dtype: dtype) }
}
