import ApusGraph

/// A list of modules that is called by its owner, not by itself (`torch.nn.ModuleList`).
///
/// [*] → an error: a list has no order of calls of its own. A plain array of modules as a property does the same; a
/// list can grow and be passed around.
open class ModuleList: Module {
    private var modules: [Module]

    /// A list of the given modules.
    ///
    /// - Parameters:
    ///   - modules: the elements; `[]` by default.
    public init(_ modules: [Module] = []) {
        self.modules = modules
        super.init()
    }

    /// A list of the given modules.
    ///
    /// - Parameters:
    ///   - modules: the elements.
    public convenience init(_ modules: Module...) { self.init(modules) }

    /// Adds a module at the end.
    ///
    /// - Parameters:
    ///   - module: the new last element.
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
    /// 0.
    public var startIndex: Int { 0 }
    /// The number of modules.
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
