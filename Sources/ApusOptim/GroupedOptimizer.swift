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
    /// The numbers that were made last, some of which may serve again.
    private var newestNumbers: StepNumbers?
    /// Templates that serve again in later steps.
    private var known = UpdateTemplate.Known()

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
        update(parameters, maximize, keepsTemplates: false, { makeScalars($0.key) }, rule)
    }

    /// The same for a rule that is known by the numbers of its step: it is recorded as functions once, and as one
    /// operation a parameter from then on, whatever the numbers are.
    ///
    /// - Parameters:
    ///   - parameters: parameters of one group.
    ///   - maximize: whether `rule` gets the negated gradient.
    ///   - makeNumbers: makes the step's numbers, and asks by ``StepNumbers/branch(_:)`` for all that `rule` branches on.
    ///   - rule: the new value, by the value, the gradient, the state's tensors and those numbers. It may read the
    ///     hyperparameters themselves only to make a tensor of the state that is not there yet.
    final func updateByNumbers<Scalars>(
        _ parameters: [Parameter], maximize: Bool, numbers makeNumbers: (StepNumbers) -> Scalars,
        rule: (_ data: Tensor, _ gradient: Tensor, _ state: inout OptimizerState, _ scalars: Scalars) -> Tensor
    ) {
        update(parameters, maximize, keepsTemplates: true, makeNumbers, rule)
    }

    private func update<Scalars>(
        _ parameters: [Parameter], _ maximize: Bool, keepsTemplates: Bool,
        _ makeNumbers: (StepNumbers) -> Scalars,
        _ rule: (Tensor, Tensor, inout OptimizerState, Scalars) -> Tensor
    ) {
        // By the key: one as a rule, which is why this is no dictionary.
        var (steps, scalars): ([StepNumbers], [Scalars]) = ([], [])
        var templates: [UpdateTemplate?] = []
        for parameter in parameters {
            guard let slope = parameter.grad else { continue }
            let kept = keptState(of: parameter)
            let data = parameter.data
            let gradient = maximize ? -slope : slope
            let key = StepKey(step: kept.step + 1, dtype: data.dtype, numbers: kept.numbers)
            let index: Int
            if let found = steps.firstIndex(where: { $0.key == key }) {
                index = found
            } else {
                index = steps.count
                let numbers = StepNumbers(key, after: newestNumbers)
                newestNumbers = numbers
                steps.append(numbers)
                scalars.append(makeNumbers(numbers))
                templates.append(keepsTemplates ? known.template(for: numbers, kept.names, on: data.device) : nil)
            }
            if let update = templates[index]?.update(parameter, data, gradient, kept) {
                updates.append(update)
                continue
            }
            noteBefore(parameter, kept)
            if let updated = templates[index]?.record(data, gradient, kept) {
                parameter.data = updated
                continue
            }
            var state = kept.state
            state.step += 1
            let updated = rule(data, gradient, &state, scalars[index])
            if keepsTemplates { state.numbers = steps[index].numbers }
            if templates[index] == nil,
                let template = UpdateTemplate(data, gradient, kept, to: updated, state, like: newest)
            {
                templates[index] = template
                newest = template
                if keepsTemplates { known.add(template, steps[index]) }
                // Recorded once more, so that the first parameter is part of the sweep.
                if let updated = template.record(data, gradient, kept) {
                    parameter.data = updated
                    continue
                }
            }
            parameter.data = updated
            setState(state, of: parameter)
        }
    }
}
