import ApusGraph

extension Module {
    /// A place in the module that a state dictionary fills.
    private enum Slot {
        case parameter(Parameter)
        case buffer(Buffer)

        var data: Tensor {
            switch self {
            case .parameter(let parameter): parameter.data
            case .buffer(let buffer): buffer.data
            }
        }

        func assign(_ tensor: Tensor) {
            switch self {
            case .parameter(let parameter): parameter.data = tensor
            case .buffer(let buffer): buffer.data = tensor
            }
        }
    }

    /// The parameters and persistent buffers in PyTorch's order: a module's parameters, its buffers, then its children.
    ///
    /// A tensor that is reached by two names has both.
    private var slots: [(key: String, slot: Slot)] {
        hasNamedDescendants = false
        return descendants(unique: false).flatMap { prefix, module in
            let members = module.members.flatMap(\.flattened)
            let parameters = members.compactMap { member -> (String, Slot)? in
                guard case .parameter(let parameter) = member.content else { return nil }
                return (Self.join(prefix, member.key), .parameter(parameter))
            }
            let buffers = members.compactMap { member -> (String, Slot)? in
                guard case .buffer(let buffer) = member.content, buffer.isPersistent else { return nil }
                return (Self.join(prefix, member.key), .buffer(buffer))
            }
            return parameters + buffers
        }
    }

    /// All parameters and persistent buffers by PyTorch's names, such as `conv.0.weight` and `bn1.running_mean`.
    public func stateDict() -> StateDict { StateDict(slots.map { ($0.key, $0.slot.data) }) }

    /// Sets all parameters and persistent buffers to the tensors of a state dictionary (`load_state_dict`).
    ///
    /// Types are converted to the module's. Without `strict` names that only one side has are left alone.
    ///
    /// - Returns: the names that were missing from `state`, and those in it that the module does not have.
    /// - Throws: ``StateDictError`` with all names that are missing, unexpected or of another shape; then the module is
    ///   unchanged. Shapes must fit without `strict` too.
    @discardableResult
    public func load(_ state: StateDict, strict: Bool = true) throws -> (missing: [String], unexpected: [String]) {
        let slots = slots
        let known = Set(slots.map(\.key))
        let missing = slots.map(\.key).filter { state[$0] == nil }
        let unexpected = state.keys.filter { !known.contains($0) }
        var misshapen: [StateDictError.ShapeMismatch] = []
        for (key, slot) in slots {
            guard let tensor = state[key], tensor.shape != slot.data.shape else { continue }
            misshapen.append(.init(key: key, expected: slot.data.shape, found: tensor.shape))
        }
        guard misshapen.isEmpty, !strict || (missing.isEmpty && unexpected.isEmpty) else {
            throw StateDictError(module: typeName, missing: missing, unexpected: unexpected, misshapen: misshapen)
        }
        noGrad {
            for (key, slot) in slots {
                if let tensor = state[key] { slot.assign(tensor.cast(to: slot.data.dtype)) }
            }
        }
        return (missing, unexpected)
    }
}
