import Synchronization

/// A tensor that can be given new elements, and the gradient that `backward()` adds up for it.
///
/// `Parameter` and `Buffer` of `ApusNN` are built on leaves; users meet leaves through `x.requiringGrad()`.
public final class Leaf: Sendable {
    private struct State: Sendable {
        var data: Tensor
        var grad: Tensor?
        var requiresGrad: Bool
    }

    private let state: Mutex<State>

    public init(_ data: Tensor, requiresGrad: Bool) {
        state = Mutex(State(data: data.detach(), grad: nil, requiresGrad: requiresGrad && data.dtype.isFloatingPoint))
    }

    /// The elements, without history.
    public var data: Tensor {
        get { state.withLock { $0.data } }
        set {
            let detached = newValue.detach()
            // The old value is released outside of the lock.
            let old = state.withLock { state in
                let old = state.data
                state.data = detached
                return old
            }
            _ = consume old
        }
    }

    /// The sum of the gradients since it was last cleared; nil where there was none.
    public var grad: Tensor? {
        get { state.withLock { $0.grad } }
        set {
            let detached = newValue?.detach()
            let old = state.withLock { state in
                let old = state.grad
                state.grad = detached
                return old
            }
            _ = consume old
        }
    }

    public var requiresGrad: Bool {
        get { state.withLock { $0.requiresGrad } }
        set { state.withLock { $0.requiresGrad = newValue && $0.data.dtype.isFloatingPoint } }
    }

    /// The elements as an operand: what is computed from it leads `backward()` here.
    public var tensor: Tensor {
        let (data, requiresGrad) = state.withLock { ($0.data, $0.requiresGrad) }
        let edge = requiresGrad ? GradientEdge(GradientNode(accumulatingInto: self), 0) : nil
        return Tensor(TensorHandle(data.value, edge: edge, leaf: self))
    }

    /// Begins to change the elements where they are, if they are a node's first result and nobody else holds them; see
    /// ``TensorUpdate``. Within the lock, so that nobody takes a copy in between.
    func beginUpdate(of node: Node, readBy uses: Int) -> Bool {
        state.withLock { state in
            state.data.value.node === node && state.data.isHeldOnce() && node.beginUpdate(readBy: uses)
        }
    }

    func accumulate(_ gradient: Tensor) {
        let sum = grad.map { $0 + gradient } ?? gradient
        state.withLock { $0.grad = sum }
    }
}
