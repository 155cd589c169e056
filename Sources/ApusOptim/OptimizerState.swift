import ApusGraph

/// What an optimizer keeps for one parameter from step to step.
public struct OptimizerState: Sendable {
    /// How many steps have updated the parameter.
    public var step: Int
    /// Tensors, most of the parameter's shape, by PyTorch's names: `momentum_buffer`, `exp_avg`, `exp_avg_sq` …
    public var tensors: [String: Tensor]
    /// Numbers by PyTorch's names, such as NAdam's `mu_product`.
    public var numbers: [String: Double]

    /// A state of these steps, tensors and numbers.
    public init(step: Int = 0, tensors: [String: Tensor] = [:], numbers: [String: Double] = [:]) {
        (self.step, self.tensors, self.numbers) = (step, tensors, numbers)
    }
}

/// All that an optimizer keeps, to be saved and restored (`torch.optim.Optimizer.state_dict`).
///
/// Hyperparameters that nothing changes during training are not part of it: the optimizer that takes it up is made with
/// the same ones.
public struct OptimizerStateDict: Sendable {
    /// What schedulers change in a group of parameters.
    public struct Group: Sendable, Hashable, Codable {
        /// The learning rate.
        public var lr: Double
        /// The learning rate before any scheduler changed it; nil where there was none.
        public var initialLR: Double?
        /// The momentum or β₁; nil where the optimizer has neither.
        public var momentum: Double?

        /// The rates and the momentum of a group.
        public init(lr: Double, initialLR: Double? = nil, momentum: Double? = nil) {
            (self.lr, self.initialLR, self.momentum) = (lr, initialLR, momentum)
        }
    }

    /// What is kept for each group.
    public var groups: [Group]
    /// What is kept for each parameter, in the order of ``Optimizer/parameters``.
    public var states: [OptimizerState]

    /// What is kept for these groups and parameters.
    public init(groups: [Group], states: [OptimizerState]) { (self.groups, self.states) = (groups, states) }
}

extension Optimizer {
    /// All that the optimizer keeps, to be saved beside the model's weights.
    public final func stateDict() -> OptimizerStateDict {
        let momenta = momenta
        let groups = learningRates.enumerated().map { index, lr in
            OptimizerStateDict.Group(
                lr: lr, initialLR: initialLearningRates.indices.contains(index) ? initialLearningRates[index] : nil,
                momentum: momenta?[index])
        }
        return OptimizerStateDict(groups: groups, states: parameters.map { state(of: $0) })
    }

    /// Goes on where the optimizer that made `state` stopped.
    ///
    /// - Throws: a `TensorError` where the numbers of groups or parameters or the shapes of the state differ from this
    ///   optimizer's; it is then unchanged.
    public final func load(_ state: OptimizerStateDict) throws {
        guard state.groups.count == learningRates.count, state.states.count == parameters.count else {
            throw TensorError(
                name,
                "the state has \(state.groups.count) groups with \(state.states.count) parameters, the optimizer "
                    + "\(learningRates.count) with \(parameters.count). Make it of the same groups.")
        }
        for (parameter, state) in zip(parameters, state.states) { try check(state, of: parameter) }
        for (parameter, state) in zip(parameters, state.states) {
            var state = state
            state.tensors = state.tensors.mapValues { $0.moved(to: parameter.device) }
            setState(state, of: parameter)
        }
        learningRates = state.groups.map(\.lr)
        initialLearningRates = state.groups.map(\.initialLR)
        let saved = state.groups.compactMap(\.momentum)
        if momenta != nil, saved.count == state.groups.count { momenta = saved }
    }
}
