/// An operation that backends compute: the unit of the graph.
///
/// A primitive is a small value that holds the operation's attributes. It knows the shapes of its results and its
/// gradient; how it is computed is said by each backend in an extension of its own (`ReferenceKernel` in
/// `ApusReference`, `CPULowerable` in `ApusCPU`). Equal primitives on equal inputs compute equal results.
public protocol Primitive: Hashable, Sendable {
    /// The name of the kind of operation.
    static var name: String { get }

    /// The name in error messages and traces; ``name-swift.type.property`` unless the attributes make it more precise.
    var name: String { get }

    /// What PyTorch prints as `grad_fn` of a result, for example `AddmmBackward0`.
    var gradientName: String { get }

    /// The shape rule: the results' shapes and types, or an error that names the rule that is broken.
    ///
    /// At most four results.
    func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec]

    /// Which inputs and results ``gradient(_:)`` reads; only these are kept until `backward()`.
    var gradientReads: GradientReads { get }

    /// Equality with a primitive of any type.
    ///
    /// - Parameters:
    ///   - other: the other primitive.
    func isEqual(to other: any Primitive) -> Bool

    /// The gradient of each input, recorded as further operations; nil for an input that has none.
    func gradient(_ context: GradientContext) -> [Tensor?]
}

extension Primitive {
    public var name: String { Self.name }
    public var gradientName: String {
        Self.name.split { $0 == " " || $0 == "_" }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
            + "Backward0"
    }
    public var gradientReads: GradientReads { .nothing }

    /// By default an operation has no gradient, and says so when it is asked for one.
    public func gradient(_ context: GradientContext) -> [Tensor?] {
        TensorError.raise(TensorError(name, "this operation has no gradient. Use detach() or noGrad around it."))
        return [Tensor?](repeating: nil, count: context.inputCount)
    }

    @inlinable
    public func isEqual(to other: any Primitive) -> Bool {
        // The types are compared by hand because a cast takes longer than most comparisons of attributes.
        func isEqual<Other: Primitive>(_ other: Other) -> Bool {
            Other.self == Self.self && self == unsafeBitCast(other, to: Self.self)
        }
        return isEqual(other)
    }
}

/// The inputs and results of an operation that its gradient reads.
public struct GradientReads: Sendable, Hashable {
    // Bits: lists would be made with each recorded operation.
    private let inputs: UInt64
    private let outputs: UInt64

    /// The inputs and results at these positions, of which the highest is 63.
    public init(inputs: [Int] = [], outputs: [Int] = []) {
        (self.inputs, self.outputs) = (Self.bits(inputs), Self.bits(outputs))
    }

    private static func bits(_ positions: [Int]) -> UInt64 {
        positions.reduce(0) {
            precondition((0..<64).contains($1), "a gradient reads an input beyond the 64th")
            return $0 | 1 << UInt64($1)
        }
    }

    var readsNoInput: Bool { inputs == 0 }
    var readsNoOutput: Bool { outputs == 0 }
    func readsInput(_ index: Int) -> Bool { index < 64 && inputs >> UInt64(index) & 1 == 1 }
    func readsOutput(_ index: Int) -> Bool { outputs >> UInt64(index) & 1 == 1 }

    public static var nothing: GradientReads { GradientReads(inputBits: 0, outputBits: 0) }
    @inline(__always)
    public static func inputs(_ indices: Int...) -> GradientReads { GradientReads(inputs: indices) }
    @inline(__always)
    public static func outputs(_ indices: Int...) -> GradientReads { GradientReads(outputs: indices) }

    private init(inputBits: UInt64, outputBits: UInt64) { (inputs, outputs) = (inputBits, outputBits) }
}
