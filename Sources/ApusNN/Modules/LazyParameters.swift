import ApusGraph
import Synchronization

/// A shape whose sizes are not all known: nil stands for those that a lazy layer takes from its first batch.
public struct PartialShape: Sendable, Hashable {
    /// One size for each dimension; nil where it is not known.
    public let sizes: [Int?]

    /// A shape of these `sizes`.
    public init(_ sizes: [Int?]) { self.sizes = sizes }

    /// Whether a shape has as many dimensions, and the sizes that are known.
    public func admits(_ shape: Shape) -> Bool {
        sizes.count == shape.rank && zip(sizes, shape).allSatisfy { $0 == nil || $0 == $1 }
    }

    /// The shape with `size` for each size that is not known.
    func completed(with size: Int) -> Shape { Shape(sizes.map { $0 ?? size }) }
}

extension PartialShape: ExpressibleByArrayLiteral, CustomStringConvertible {
    /// A shape of these sizes.
    public init(arrayLiteral elements: Int?...) { self.init(elements) }

    /// `[10, ?]`
    public var description: String { "[" + sizes.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]" }
}

/// What is known of a parameter or buffer before its layer has seen a batch.
final class LazyState: Sendable {
    let shape: PartialShape
    private let state: Mutex<(isInitialized: Bool, dtype: DType, device: Device)>

    init(_ shape: PartialShape, _ dtype: DType) {
        self.shape = shape
        state = Mutex((false, dtype, .standard))
    }

    var isInitialized: Bool { state.withLock { $0.isInitialized } }

    /// The type that the elements will have.
    var dtype: DType {
        get { state.withLock { $0.dtype } }
        set { state.withLock { $0.dtype = newValue } }
    }

    /// Where the elements will be.
    var device: Device {
        get { state.withLock { $0.device } }
        set { state.withLock { $0.device = newValue } }
    }

    /// Takes note of elements that are being set; raises an error and returns false where they do not fit.
    func initialize(with data: Tensor, _ what: String) -> Bool {
        guard !data.value.node.isPoisoned else { return false }
        guard isInitialized || shape.admits(data.shape) else {
            TensorError.raise(
                TensorError(what, "elements of shape \(data.shape.brackets) do not fit the lazy shape \(shape)."))
            return false
        }
        state.withLock { $0.isInitialized = true }
        return true
    }

    /// Raises the error that there are no elements yet, and returns a tensor that stands for nothing.
    func refuse(_ what: String) -> Tensor {
        .refuse(
            TensorError(
                what,
                "the shape \(shape) is not known yet: a lazy layer takes it from its first batch. Run one batch through "
                    + "the model, or load a state dictionary, before its parameters are used."))
    }
}

extension Parameter {
    /// Sets the elements of a parameter that has none, in the type that it was given; leaves another one alone.
    func initialize(_ make: () -> Tensor) {
        guard let unknown else { return }
        data = noGrad { make().cast(to: unknown.dtype).moved(to: unknown.device) }
    }
}

extension Buffer {
    /// Sets the elements of a buffer that has none, in the type that it was given; leaves another one alone.
    func initialize(_ make: () -> Tensor) {
        guard let unknown else { return }
        data = noGrad { make().cast(to: unknown.dtype).moved(to: unknown.device) }
    }
}

extension Module {
    /// Whether a lazy layer below has not seen a batch yet (`has_uninitialized_params`): the model must be called once,
    /// or load a state dictionary, before its parameters are given to an optimizer or saved.
    public var hasUninitializedParameters: Bool {
        parameters().contains { !$0.isInitialized } || buffers().contains { !$0.isInitialized }
    }
}
