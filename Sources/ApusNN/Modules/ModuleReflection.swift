import ApusGraph

/// One named part of a module's state.
struct ModuleMember {
    /// The part's name below its module: `weight`, `0`.
    let key: String
    let content: Content

    enum Content {
        case parameter(Parameter)
        case buffer(Buffer)
        case module(Module)
        /// The elements of an array or of a dictionary.
        case group([ModuleMember], isList: Bool)
    }

    /// The member itself, or what a group holds, with names such as `blocks.0`.
    var flattened: [ModuleMember] {
        guard case .group(let elements, _) = content else { return [self] }
        return elements.flatMap { element in
            element.flattened.map { ModuleMember(key: "\(key).\($0.key)", content: $0.content) }
        }
    }
}

/// Finds parameters, buffers and children among the stored properties of modules.
enum ModuleReflection {
    /// The members that `module`'s classes below `base` declare, superclasses first.
    static func members(of module: Module, below base: Module.Type) -> [ModuleMember] {
        var mirrors: [Mirror] = []
        var next: Mirror? = Mirror(reflecting: module)
        while let mirror = next, mirror.subjectType != base, mirror.subjectType != Module.self {
            mirrors.append(mirror)
            next = mirror.superclassMirror
        }
        var found: [ModuleMember] = []
        for mirror in mirrors.reversed() {
            for child in mirror.children {
                guard let label = child.label else { continue }
                do {
                    if let content = try content(of: child.value, property: label) {
                        found.append(ModuleMember(key: stateKey(label), content: content))
                    }
                } catch {
                    TensorError.raise(TensorError(module.typeName, error.message))
                }
            }
        }
        return found
    }

    /// PyTorch's spelling of a property's name: `runningMean` → `running_mean`; `bn1`, `conv2d` and `conv1x1` stay.
    ///
    /// A capital starts a new word after a small letter, before a small letter at the end of an acronym (`fcBNOut` →
    /// `fc_bn_out`), and after a digit only where a small letter follows (`layer1Norm` → `layer1_norm`, `pool2D` →
    /// `pool2d`).
    static func stateKey(_ property: String) -> String {
        let characters = Array(property)
        var key = ""
        for (index, character) in characters.enumerated() {
            guard character.isUppercase else {
                key.append(character)
                continue
            }
            let isBeforeSmall = index + 1 < characters.count && characters[index + 1].isLowercase
            let previous = index > 0 ? characters[index - 1] : "_"
            if previous.isLowercase || (isBeforeSmall && (previous.isUppercase || previous.isNumber)) { key += "_" }
            key += character.lowercased()
        }
        return key
    }

    private struct Refusal: Error {
        let message: String
    }

    /// The compiler's prefix of the stored property behind a `lazy var`.
    private static let lazyPrefix = "$__lazy_storage_$_"

    private static func content(of value: Any, property: String) throws(Refusal) -> ModuleMember.Content? {
        if property.hasPrefix(lazyPrefix) {
            guard isStateful(type(of: value)) || holdsState(value, depth: 0) else { return nil }
            throw Refusal(
                message: "the property `\(property.dropFirst(lazyPrefix.count))` is lazy: its parameters would be "
                    + "missing until it is used. Declare it with let or var.")
        }
        switch value {
        case let module as Module: return .module(module)
        case let parameter as Parameter: return .parameter(parameter)
        case let buffer as Buffer: return .buffer(buffer)
        case let optional as any ReflectedOptional:
            guard let wrapped = optional.wrapped else { return nil }
            return try content(of: wrapped, property: property)
        case let array as any ReflectedArray:
            guard mayHoldState(type(of: array).elementType) else { return nil }
            return try group(array.erasedElements.enumerated().map { ("\($0.offset)", $0.element) }, value, property)
        case let dictionary as any ReflectedDictionary:
            guard mayHoldState(type(of: dictionary).elementType) else { return nil }
            return try group(dictionary.erasedElements.sorted { $0.0 < $1.0 }, value, property)
        default:
            guard holdsState(value, depth: 0) else { return nil }
            throw Refusal(
                message: "the property `\(property)` holds a module or parameter inside of a \(kind(of: value)), where "
                    + "it is not found. Use a property of its own, an array or a dictionary.")
        }
    }

    private static func group(
        _ elements: [(String, Any)], _ value: Any, _ property: String
    ) throws(Refusal) -> ModuleMember.Content? {
        var members: [ModuleMember] = []
        for (key, element) in elements {
            if let content = try content(of: element, property: property) {
                members.append(ModuleMember(key: key, content: content))
            }
        }
        // An empty array of modules is a child without children, as an empty ModuleList is.
        guard !members.isEmpty || isStateful(type(of: value)) else { return nil }
        return .group(members, isList: value is any ReflectedArray)
    }

    private static func kind(of value: Any) -> String {
        switch Mirror(reflecting: value).displayStyle {
        case .tuple: "tuple"
        case .enum: "enumeration"
        case .set: "set"
        default: "struct"
        }
    }

    /// Whether a declared type is one of modules, parameters or buffers.
    private static func isStateful(_ type: Any.Type) -> Bool {
        if type is Module.Type || type is Parameter.Type || type is Buffer.Type { return true }
        if let container = type as? any ReflectedContainer.Type { return isStateful(container.elementType) }
        return false
    }

    /// Whether elements of a declared type may be stateful: false spares a look at a million numbers.
    private static func mayHoldState(_ type: Any.Type) -> Bool {
        if let container = type as? any ReflectedContainer.Type { return mayHoldState(container.elementType) }
        return !(type is any TensorScalar.Type || type is Tensor.Type || type is String.Type)
    }

    /// Whether a struct, tuple, enumeration or set holds a module, parameter or buffer; four levels are looked at.
    private static func holdsState(_ value: Any, depth: Int) -> Bool {
        if value is Module || value is Parameter || value is Buffer { return true }
        guard depth < 4, mayHoldState(type(of: value)) else { return false }
        let mirror = Mirror(reflecting: value)
        // Other classes are left alone: they are not part of the module.
        guard mirror.displayStyle != .class else { return false }
        return mirror.children.contains { holdsState($0.value, depth: depth + 1) }
    }
}

// Asking a value for its container type by these protocols is much cheaper than casting it to `[Any]`, which copies.

private protocol ReflectedContainer {
    static var elementType: Any.Type { get }
}

private protocol ReflectedOptional: ReflectedContainer {
    var wrapped: Any? { get }
}

private protocol ReflectedArray: ReflectedContainer {
    var erasedElements: [Any] { get }
}

private protocol ReflectedDictionary: ReflectedContainer {
    var erasedElements: [(String, Any)] { get }
}

extension Optional: ReflectedContainer, ReflectedOptional {
    fileprivate static var elementType: Any.Type { Wrapped.self }
    fileprivate var wrapped: Any? { self }
}

extension Array: ReflectedContainer, ReflectedArray {
    fileprivate static var elementType: Any.Type { Element.self }
    fileprivate var erasedElements: [Any] { self }
}

extension Dictionary: ReflectedContainer, ReflectedDictionary {
    fileprivate static var elementType: Any.Type { Value.self }
    fileprivate var erasedElements: [(String, Any)] { map { ("\($0.key)", $0.value) } }
}
