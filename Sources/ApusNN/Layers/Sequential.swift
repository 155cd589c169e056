import ApusGraph

/// Modules one after the other, each fed with the result of the one before (`torch.nn.Sequential`).
///
/// [*] → what the last module makes of it. The modules are named by their positions, `0`, `1`, …, or by the keys they
/// are given with. An empty one returns its input.
open class Sequential: Module {
    private var entries: [(key: String, module: Module)]

    /// A sequence of the given modules.
    ///
    /// - Parameters:
    ///   - modules: in the order in which they are called.
    public init(_ modules: [Module]) {
        entries = modules.enumerated().map { ("\($0.offset)", $0.element) }
        super.init()
    }

    /// A sequence of the given modules.
    ///
    /// - Parameters:
    ///   - modules: in the order in which they are called.
    public convenience init(_ modules: Module...) { self.init(modules) }

    /// A sequence of modules with names of their own (`Sequential(OrderedDict([("conv", …)]))`).
    ///
    /// - Parameters:
    ///   - modules: names and modules; a name that is given twice, is empty or holds a dot is an error.
    public init(named modules: [(String, Module)]) {
        entries = []
        for (key, module) in modules {
            guard !key.isEmpty, !key.contains("."), !entries.contains(where: { $0.key == key }) else {
                TensorError.raise(
                    TensorError("Sequential", "\"\(key)\" is no name for a module: names are unique and hold no dot."))
                continue
            }
            entries.append((key, module))
        }
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        var result = input
        for index in entries.indices { result = entries[index].module(result) }
        return result
    }

    /// Adds a module at the end.
    ///
    /// - Parameters:
    ///   - module: what is fed with the result of the modules so far.
    public func append(_ module: Module) {
        entries.append(("\(entries.count)", module))
        hasNamedDescendants = false
        namer?.hasNamedDescendants = false
    }

    override var members: [ModuleMember] {
        ModuleReflection.members(of: self, below: Sequential.self)
            + entries.map { ModuleMember(key: $0.key, content: .module($0.module)) }
    }
}

extension Sequential: RandomAccessCollection {
    /// 0.
    public var startIndex: Int { 0 }
    /// The number of modules.
    public var endIndex: Int { entries.count }

    /// The module at a position.
    public subscript(position: Int) -> Module {
        get { entries[position].module }
        set {
            entries[position].module = newValue
            hasNamedDescendants = false
            namer?.hasNamedDescendants = false
        }
    }

    /// The modules of a range as a sequence of their own, which shares them.
    public subscript(positions: Range<Int>) -> Sequential { Sequential(entries[positions].map(\.module)) }
}
