import ApusGraph
import ApusPlan

/// A rewriting of a plan's graph; what it computes stays the same.
protocol Pass: Sendable {
    /// The name in `APUS_TRACE=passes`.
    var name: String { get }
    func run(_ graph: inout PlanGraph) throws
}

/// A primitive as a key: equal when type and attributes are.
struct PrimitiveKey: Hashable {
    let primitive: any Primitive

    static func == (left: PrimitiveKey, right: PrimitiveKey) -> Bool { left.primitive.isEqual(to: right.primitive) }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(type(of: primitive)))
        primitive.hash(into: &hasher)
    }
}
