/// A value in an object of its own: a copy counts one reference, whatever the value consists of, and equals the first at a
/// glance.
struct SharedValue<Value: Hashable & Sendable>: Hashable, Sendable {
    private final class Box: Sendable {
        let value: Value

        init(_ value: Value) { self.value = value }
    }

    private var box: Box

    init(_ value: Value) { box = Box(value) }

    var value: Value {
        @inline(__always) get { box.value }
        set { box = Box(newValue) }
    }

    static func == (left: SharedValue, right: SharedValue) -> Bool {
        left.box === right.box || left.box.value == right.box.value
    }

    func hash(into hasher: inout Hasher) { hasher.combine(box.value) }
}
