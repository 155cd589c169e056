import ApusEngine
import ApusGraph
import ApusNN

/// A rule as it was recorded for one parameter, for the other parameters of the same type and step.
final class UpdateTemplate {
    private let chain: ElementwiseTemplate
    /// The names of the state's tensors, sorted.
    let names: [String]
    /// Which of them the rule makes anew.
    let changed: [Int]
    let numbers: [String: Double]

    /// nil where the rule is more than elementwise functions, or makes new tensors, as in a parameter's first step.
    init?(
        _ data: Tensor, _ gradient: Tensor, _ before: KeptState, to updated: Tensor, _ after: OptimizerState,
        like earlier: UpdateTemplate?
    ) {
        guard before.names.count == after.tensors.count else { return nil }
        let made = before.names.compactMap { after.tensors[$0] }
        guard made.count == before.names.count else { return nil }
        // What the rule leaves as it is need not be made.
        let changed = made.indices.filter { index in
            let (old, new) = (before.tensors[index].value, made[index].value)
            return old.node !== new.node || old.output != new.output
        }
        guard
            let chain = ElementwiseTemplate(
                from: [data, gradient] + before.tensors, to: [updated] + changed.map { made[$0] },
                like: earlier?.chain),
            // A number that is still to be computed may depend on this parameter, such as the mean of its gradient.
            chain.shared.allSatisfy({ $0.value.node.standing == .evaluated })
        else { return nil }
        (self.chain, names, self.changed, numbers) = (chain, before.names, changed, after.numbers)
    }

    /// The same with other numbers.
    private init(_ other: UpdateTemplate, _ chain: ElementwiseTemplate, numbers: [String: Double]) {
        (self.chain, names, changed, self.numbers) = (chain, other.names, other.changed, numbers)
    }

    /// A parameter's update where its value and its state are, for the end of the step; nil where the template does not
    /// fit it, or somebody else holds its state.
    func update(_ parameter: Parameter, _ data: Tensor, _ gradient: Tensor, _ state: KeptState) -> PlannedUpdate? {
        guard state.names == names, state.holdsAlone(changed),
            let update = chain.update(
                of: parameter.leaf, data, gradient, state.tensors, changed: changed, like: state.update)
        else { return nil }
        if state.update !== update { state.update = update }
        return PlannedUpdate(parameter: parameter, state: state, template: self, update: update)
    }

    /// The new value of another parameter, whose state advances too; nil where the template does not fit it.
    func record(_ data: Tensor, _ gradient: Tensor, _ state: KeptState) -> Tensor? {
        guard state.names == names else { return nil }
        guard let results = chain.record(data, gradient, state.tensors, as: &state.operation) else { return nil }
        state.advance(changed, to: results, numbers)
        return results[0]
    }
}

/// An update that is made when the step is computed.
struct PlannedUpdate {
    let parameter: Parameter
    let state: KeptState
    let template: UpdateTemplate
    let update: TensorUpdate

    /// Takes over what was computed.
    func finish() {
        if let replacement = update.replacement {
            state.advance(template.changed, to: replacement, template.numbers)
            parameter.data = replacement[0]
        } else {
            state.advance(template.numbers)
        }
        update.clear()
    }
}

extension UpdateTemplate {
    /// The templates of the steps before, by what tells that a rule is the same.
    struct Known {
        private struct Entry {
            let branches: [Bool]
            let dtype: DType
            /// Which of the step's tensors each of the chain's numbers is.
            let places: [Int]
            /// The one that was used last. It holds its numbers until then, so that no plan writes over them: what is
            /// written over is no number to a GPU's plan, which gets all numbers in one piece.
            var template: UpdateTemplate

            func fits(_ step: StepNumbers, _ names: [String]) -> Bool {
                branches == step.branches && dtype == step.key.dtype && template.names == names
            }
        }

        private var entries: [Entry] = []

        /// More than the groups of one optimizer that differ in their rules.
        private static let capacity = 16

        /// The template of an earlier step with the numbers of this one, for parameters with states of these names.
        mutating func template(for step: StepNumbers, _ names: [String], on device: Device) -> UpdateTemplate? {
            guard let index = entries.firstIndex(where: { $0.fits(step, names) }) else { return nil }
            let entry = entries[index]
            let shared = entry.places.map { step.tensors[$0].moved(to: device) }
            let template = UpdateTemplate(entry.template, entry.template.chain.reading(shared), numbers: step.numbers)
            entries[index].template = template
            return template
        }

        /// Keeps a template for later steps, if it reads no other numbers than the step's.
        mutating func add(_ template: UpdateTemplate, _ step: StepNumbers) {
            // By their memory: on their way to another device tensors get new nodes.
            func storage(_ tensor: Tensor) -> Storage? { tensor.value.node.storage(of: tensor.value.output) }
            let places = template.chain.shared.compactMap { number in
                step.tensors.firstIndex { storage($0) === storage(number) }
            }
            guard places.count == template.chain.shared.count else { return }
            entries.removeAll { $0.fits(step, template.names) }
            if entries.count == Self.capacity { entries.removeFirst() }
            entries.append(
                Entry(branches: step.branches, dtype: step.key.dtype, places: places, template: template))
        }
    }
}
