import ApusGraph

/// A list of modules that is called by its owner, not by itself (`torch.nn.ModuleList`).
///
/// A plain array of modules as a property does the same; a list can grow and be passed around.
open class ModuleList: Module {
    private var modules: [Module]

    public init(_ modules: [Module] = []) {
        self.modules = modules
        super.init()
    }

    public convenience init(_ modules: Module...) { self.init(modules) }

    /// Adds a module at the end.
    public func append(_ module: Module) {
        modules.append(module)
        hasNamedDescendants = false
        namer?.hasNamedDescendants = false
    }

    override var members: [ModuleMember] {
        ModuleReflection.members(of: self, below: ModuleList.self)
            + modules.enumerated().map { ModuleMember(key: "\($0.offset)", content: .module($0.element)) }
    }
}

extension ModuleList: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { modules.count }

    /// The module at a position.
    public subscript(position: Int) -> Module {
        get { modules[position] }
        set {
            modules[position] = newValue
            hasNamedDescendants = false
            namer?.hasNamedDescendants = false
        }
    }
}
