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

        /// What is known of one without elements.
        var unknown: LazyState? {
            switch self {
            case .parameter(let parameter): parameter.unknown
            case .buffer(let buffer): buffer.unknown
            }
        }

        var dtype: DType {
            switch self {
            case .parameter(let parameter): parameter.dtype
            case .buffer(let buffer): buffer.dtype
            }
        }

        var device: Device {
            switch self {
            case .parameter(let parameter): parameter.device
            case .buffer(let buffer): buffer.device
            }
        }

        /// The shape that elements must have where it is not `shape`; −1 stands for any size.
        func mismatch(_ shape: Shape) -> Shape? {
            if let unknown { return unknown.shape.admits(shape) ? nil : Shape(unknown.shape.sizes.map { $0 ?? -1 }) }
            return data.shape == shape ? nil : data.shape
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
    ///
    /// What has no elements yet, because a lazy layer has not seen a batch, is an error (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public func stateDict() -> StateDict {
        let slots = slots
        let unknown = slots.filter { $0.slot.unknown != nil }.map(\.key)
        if !unknown.isEmpty {
            TensorError.raise(
                TensorError(
                    "\(typeName).stateDict",
                    "no elements yet: \(unknown.joined(separator: ", ")). A lazy layer takes its sizes from its first "
                        + "batch: run one batch through the model, or load a state dictionary, first."))
        }
        return StateDict(slots.filter { $0.slot.unknown == nil }.map { ($0.key, $0.slot.data) })
    }

    /// Sets all parameters and persistent buffers to the tensors of a state dictionary (`load_state_dict`).
    ///
    /// Types are converted to the module's, and elements moved to its device. Parameters of lazy layers that have no elements yet get them. Without
    /// `strict` names that only one side has are left alone.
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
            guard let tensor = state[key], let expected = slot.mismatch(tensor.shape) else { continue }
            misshapen.append(.init(key: key, expected: expected, found: tensor.shape))
        }
        guard misshapen.isEmpty, !strict || (missing.isEmpty && unexpected.isEmpty) else {
            throw StateDictError(module: typeName, missing: missing, unexpected: unexpected, misshapen: misshapen)
        }
        noGrad {
            for (key, slot) in slots {
                if let tensor = state[key] { slot.assign(tensor.cast(to: slot.dtype).moved(to: slot.device)) }
            }
        }
        return (missing, unexpected)
    }
}
