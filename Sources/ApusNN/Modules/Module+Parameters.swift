import ApusGraph

extension Module {
    /// The modules directly below, by name: `conv`, `fc`; elements of an array are `blocks.0`, `blocks.1` …
    public var children: [(name: String, module: Module)] {
        members.flatMap(\.flattened).compactMap { member in
            guard case .module(let module) = member.content else { return nil }
            return (member.key, module)
        }
    }

    /// This module, by the name "", and all below it, parents before their children; each once.
    public func namedModules() -> [(name: String, module: Module)] {
        // Whoever asks may have replaced a child since the last call, so the next call names all anew.
        hasNamedDescendants = false
        return descendants(unique: true)
    }

    /// This module and all below it, parents before their children; each once.
    public func modules() -> [Module] { namedModules().map(\.module) }

    /// All parameters with their names in ``stateDict()``, such as `conv.0.weight`; each once.
    public func namedParameters() -> [(name: String, parameter: Parameter)] {
        var seen: Set<ObjectIdentifier> = []
        return namedMembers { content in
            guard case .parameter(let parameter) = content, seen.insert(ObjectIdentifier(parameter)).inserted else {
                return nil
            }
            return parameter
        }
    }

    /// All parameters, in the order of their declaration; each once.
    public func parameters() -> [Parameter] { namedParameters().map(\.parameter) }

    /// All buffers with their names, such as `bn1.running_mean`; each once.
    public func namedBuffers() -> [(name: String, buffer: Buffer)] {
        var seen: Set<ObjectIdentifier> = []
        return namedMembers { content in
            guard case .buffer(let buffer) = content, seen.insert(ObjectIdentifier(buffer)).inserted else { return nil }
            return buffer
        }
    }

    /// All buffers; each once.
    public func buffers() -> [Buffer] { namedBuffers().map(\.buffer) }

    /// Clears the gradients of all parameters: ``Parameter/grad`` becomes nil.
    public func zeroGrad() { for parameter in parameters() { parameter.grad = nil } }

    /// The members of this module and all below that `select` takes.
    private func namedMembers<Selected>(
        _ select: (ModuleMember.Content) -> Selected?
    ) -> [(String, Selected)] {
        namedModules().flatMap { prefix, module in
            module.members.flatMap(\.flattened).compactMap { member in
                select(member.content).map { (Self.join(prefix, member.key), $0) }
            }
        }
    }

    static func join(_ prefix: String, _ key: String) -> String { prefix.isEmpty ? key : "\(prefix).\(key)" }

    /// This module and all below with their names, parents first.
    ///
    /// A module that is reached by two names appears once where `unique`, else twice. One that holds itself is an
    /// error.
    func descendants(unique: Bool) -> [(name: String, module: Module)] {
        var found: [(name: String, module: Module)] = []
        var seen: Set<ObjectIdentifier> = []
        var ancestors: [Module] = []
        func visit(_ module: Module, _ name: String) {
            if ancestors.contains(where: { $0 === module }) {
                TensorError.raise(
                    TensorError(typeName, "the module at `\(name)` holds itself. Keep no property for a parent module.")
                )
                return
            }
            guard seen.insert(ObjectIdentifier(module)).inserted || !unique else { return }
            found.append((name, module))
            ancestors.append(module)
            for child in module.children { visit(child.module, Self.join(name, child.name)) }
            ancestors.removeLast()
        }
        visit(self, "")
        return found
    }
}
