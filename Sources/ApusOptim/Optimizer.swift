import ApusGraph
import ApusNN

/// Changes parameters by their gradients (`torch.optim.Optimizer`).
///
///     optimizer.zeroGrad()
///     loss.backward()
///     optimizer.step()
///
/// A subclass says in ``record(_:)`` how; hyperparameters live in its groups.
open class Optimizer {
    /// The parameters of all groups, in order.
    public final private(set) var parameters: [Parameter]
    /// What is kept for each parameter, in the order in which they were met, and where.
    private var kept: [(parameter: Parameter, state: KeptState)] = []
    private var places: [ObjectIdentifier: Int] = [:]
    /// The place behind that of the last parameter, since most are asked for in their order.
    private var next = 0
    /// The updates of the step at hand that are made where the parameters are.
    final var updates: [PlannedUpdate] = []
    /// What the others of the step replace.
    private var before = Snapshot()
    /// The learning rate with which each group began, once a scheduler asked for it (PyTorch's `initial_lr`).
    final var initialLearningRates: [Double?] = []

    /// An optimizer of the given parameters; `checks` are those of the hyperparameters.
    ///
    /// No parameters, one that appears twice, and what `checks` throws are errors (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ parameters: [Parameter], checks: () throws(TensorError) -> Void) {
        self.parameters = parameters
        do throws(TensorError) {
            guard !parameters.isEmpty else {
                throw TensorError(name, "there are no parameters to optimize. Pass net.parameters().")
            }
            try checkMembers(parameters)
            try checks()
        } catch {
            TensorError.raise(error)
        }
    }

    /// An optimizer without any check.
    init(unchecked parameters: [Parameter]) { self.parameters = parameters }

    /// The optimizer as errors name it.
    final var name: String { String(describing: type(of: self)).prefix { $0 != "<" }.description }

    /// Throws where a parameter appears twice, or cannot be trained by this optimizer.
    private func checkMembers(_ parameters: [Parameter]) throws(TensorError) {
        guard Set(parameters.map(ObjectIdentifier.init)).count == parameters.count else {
            throw TensorError(name, "a parameter appears more than once. Name each once, in one group.")
        }
        guard parameters.allSatisfy(\.isInitialized) else {
            throw TensorError(
                name,
                "a parameter of a lazy layer has no elements yet. Run one batch through the model before its "
                    + "parameters are given to an optimizer.")
        }
        for parameter in parameters { try check(parameter) }
    }

    /// Throws where this optimizer cannot train a parameter; most can train all.
    open func check(_ parameter: Parameter) throws(TensorError) {}

    /// Takes in further parameters; throws, and changes nothing, where they do not fit.
    final func add(_ parameters: [Parameter]) throws(TensorError) {
        try checkMembers(self.parameters + parameters)
        self.parameters += parameters
    }

    /// The learning rate of each group; a scheduler sets them between steps.
    open var learningRates: [Double] {
        get { preconditionFailure("\(type(of: self)) must override learningRates") }
        set { preconditionFailure("\(type(of: self)) must override learningRates") }
    }

    /// The momentum of each group, or β₁ where the optimizer has betas; nil where it has neither.
    ///
    /// ``OneCycleLR`` and ``CyclicLR`` set it.
    open var momenta: [Double]? {
        get { nil }
        set {}
    }

    /// The learning rate of the first group; setting it sets it for all groups.
    public final var lr: Double {
        get { learningRates[0] }
        set { learningRates = [Double](repeating: newValue, count: learningRates.count) }
    }

    /// Clears all gradients: ``/ApusNN/Parameter/grad`` becomes nil.
    public final func zeroGrad() { for parameter in parameters { parameter.grad = nil } }

    /// Updates all parameters that have a gradient, and computes all that is pending as one plan: this is where a
    /// training step runs.
    ///
    /// A parameter without a gradient is left alone, and its state does not advance. What cannot be computed (a class
    /// out of range in the loss) is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public final func step() {
        let ready = parameters.filter { parameter in
            guard let gradient = parameter.grad else { return false }
            // After an error the gradient stands for nothing; the parameter keeps its value.
            return !gradient.value.node.isPoisoned
        }
        before = Snapshot()
        updates.reserveCapacity(ready.count)
        for parameter in ready {
            let state = keptState(of: parameter)
            // Those that were updated where they are will be so again, as a rule.
            if state.update == nil { before.add(parameter, state) }
        }
        noGrad { record(ready) }
        defer {
            before = Snapshot()
            updates.removeAll(keepingCapacity: true)
        }
        do {
            // With them all else that was recorded and is held, as the new states.
            try EvaluationHook.evaluate(before.parameters.map(\.data.value), updating: updates.map(\.update))
            for index in updates.indices { updates[index].finish() }
        } catch {
            before.restore()
            for update in updates { update.update.clear() }
            TensorError.raise(error as? TensorError ?? TensorError("step", "\(error)"))
        }
    }

    /// Computes a loss, then updates all parameters; returns the loss.
    ///
    ///     optimizer.step {
    ///         optimizer.zeroGrad()
    ///         let loss = crossEntropy(net(images), labels)
    ///         loss.backward()
    ///         return loss
    ///     }
    ///
    /// ``LBFGS`` calls `closure` several times a step, all others once.
    @discardableResult
    open func step(_ closure: () -> Tensor) -> Tensor {
        let loss = closure()
        step()
        return loss
    }

    /// What a step replaces. It holds the values' nodes, not tensors, so that the plan may still write over them.
    private struct Snapshot {
        private struct Entry {
            let parameter: Parameter
            let state: KeptState
            let step: Int
            let names: [String]
            let numbers: [String: Double]
            /// Where in ``values`` the parameter's own is; those of its state follow.
            let first: Int
        }

        private var entries: [Entry] = []
        private var values: [Value] = []

        var parameters: [Parameter] { entries.map(\.parameter) }

        mutating func add(_ parameter: Parameter, _ state: KeptState) {
            entries.append(
                Entry(
                    parameter: parameter, state: state, step: state.step, names: state.names, numbers: state.numbers,
                    first: values.count))
            values.append(parameter.data.value)
            state.appendValues(to: &values)
        }

        /// Puts back what was there before a step that could not be computed.
        func restore() {
            for entry in entries {
                let values = values[entry.first...entry.first + entry.names.count]
                guard values.allSatisfy({ !$0.node.isPoisoned }) else { continue }
                entry.parameter.data = Tensor(values[entry.first])
                entry.state.set(
                    step: entry.step, entry.names, values.dropFirst().map { Tensor($0) }, entry.numbers)
            }
        }
    }

    /// Notes what the update of a parameter replaces that is recorded although it has been made in place before.
    final func noteBefore(_ parameter: Parameter, _ state: KeptState) {
        guard state.update != nil else { return }
        before.add(parameter, state)
        state.update = nil
    }

    /// Records the updates of parameters that have gradients; ``state(of:)`` and ``/ApusNN/Parameter/data`` are set
    /// anew, now or when the step is computed.
    ///
    /// Numbers that change from step to step are tensors (`Tensor(scalar:)`), not attributes, so that the plan stays
    /// the same; one tensor for all parameters lets the engine update all of them in one sweep.
    open func record(_ parameters: [Parameter]) {
        preconditionFailure("\(type(of: self)) must override record(_:)")
    }

    /// What is kept for a parameter; no tensors and 0 steps before its first update.
    public final func state(of parameter: Parameter) -> OptimizerState {
        places[ObjectIdentifier(parameter)].map { kept[$0].state.state } ?? OptimizerState()
    }

    /// What is kept for a parameter, to be changed where it is.
    final func keptState(of parameter: Parameter) -> KeptState {
        if next >= kept.count { next = 0 }
        if next < kept.count, kept[next].parameter === parameter {
            next += 1
            return kept[next - 1].state
        }
        if let place = places[ObjectIdentifier(parameter)] {
            next = place + 1
            return kept[place].state
        }
        let made = KeptState()
        places[ObjectIdentifier(parameter)] = kept.count
        kept.append((parameter, made))
        return made
    }

    /// The shape that a tensor of a parameter's state has; the parameter's own for most.
    open func stateShape(_ name: String, of parameter: Parameter) -> Shape { parameter.shape }

    /// Sets what is kept for a parameter: by a step, or when training is resumed.
    ///
    /// A tensor of another shape than the parameter's is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public final func setState(_ state: OptimizerState, of parameter: Parameter) {
        do throws(TensorError) {
            try check(state, of: parameter)
            keptState(of: parameter).state = state
        } catch {
            TensorError.raise(error)
        }
    }

    /// Throws where a tensor of a state has not the shape that ``stateShape(_:of:)`` says.
    final func check(_ state: OptimizerState, of parameter: Parameter) throws(TensorError) {
        for (name, tensor) in state.tensors {
            let expected = stateShape(name, of: parameter)
            guard tensor.shape == expected else {
                let owner = expected == parameter.shape ? "its parameter \(expected.brackets)" : expected.brackets
                throw TensorError(
                    self.name,
                    "the state \(name) has shape \(tensor.shape.brackets), \(owner). They must be equal.")
            }
        }
    }
}
