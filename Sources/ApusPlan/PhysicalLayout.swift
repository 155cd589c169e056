import ApusGraph

/// How the elements of a tensor lie in memory while a plan runs.
///
/// Users only meet the plain layout; backends define others (blocked by channels, batch in the vector lanes), name
/// them, and provide the step that converts between them (``Relayout``).
public struct PhysicalLayout: Sendable, Hashable, CustomStringConvertible {
    /// Equal names on tensors of equal shape and type mean equal layouts.
    public let name: String
    /// The size in memory where it is not that of the plain layout, padding included.
    public let byteCount: Int?
    /// What the backend keeps of it.
    public let descriptor: (any AnyObject & Sendable)?

    public init(name: String, byteCount: Int? = nil, descriptor: (any AnyObject & Sendable)? = nil) {
        self.name = name
        self.byteCount = byteCount
        self.descriptor = descriptor
    }

    /// Row-major, without padding.
    public static let plain = PhysicalLayout(name: "plain")

    public static func == (left: PhysicalLayout, right: PhysicalLayout) -> Bool { left.name == right.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
    public var description: String { name }
}

/// A value of a plan: what it is and how it lies in memory.
public struct PlannedValue: Sendable {
    public var spec: TensorSpec
    public var layout: PhysicalLayout

    public init(_ spec: TensorSpec, _ layout: PhysicalLayout = .plain) {
        self.spec = spec
        self.layout = layout
    }

    public var byteCount: Int { layout.byteCount ?? spec.byteCount }
}
