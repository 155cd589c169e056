import ApusGraph

/// A height and a width: the size of a kernel, a stride, a padding or a dilation.
///
/// Wherever a layer takes one, an `Int` stands for both and `[2, 1]` for height 2 and width 1, as in PyTorch.
public struct Pair: Sendable, Hashable {
    public let height: Int
    public let width: Int
    /// Whether it was given as one number, which is how it is printed then.
    private let isSingle: Bool

    /// The same number twice.
    public init(_ size: Int) {
        (height, width) = (size, size)
        isSingle = true
    }

    public init(_ height: Int, _ width: Int) {
        (self.height, self.width) = (height, width)
        isSingle = false
    }

    /// Two numbers; another count is an error (see ``withTensorErrors(_:)``).
    public init(_ sizes: [Int]) {
        if sizes.count != 2 {
            TensorError.raise(
                TensorError("Pair", "\(sizes) has \(sizes.count) numbers; one or two are needed: height and width."))
        }
        (height, width) = (sizes.first ?? 1, sizes.dropFirst().first ?? sizes.first ?? 1)
        isSingle = false
    }

    /// Height and width, the order of the dimensions in [N, C, H, W].
    public var sizes: [Int] { [height, width] }

    /// `(5, 5)`
    public var tupleText: String { "(\(height), \(width))" }

    public static func == (left: Pair, right: Pair) -> Bool { left.sizes == right.sizes }
    public func hash(into hasher: inout Hasher) { hasher.combine(sizes) }
}

extension Pair: CustomStringConvertible {
    /// As PyTorch prints what it was given: `2` or `(2, 1)`.
    public var description: String { isSingle ? "\(height)" : tupleText }
}

extension Pair: ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    public init(integerLiteral value: Int) { self.init(value) }
    public init(arrayLiteral elements: Int...) { self.init(elements) }
}

/// What can be given for a height and a width: an `Int`, an array of two, or a ``Pair``.
public protocol SpatialSize {
    var pair: Pair { get }
}

extension Pair: SpatialSize {
    public var pair: Pair { self }
}

extension Int: SpatialSize {
    public var pair: Pair { Pair(self) }
}

extension [Int]: SpatialSize {
    public var pair: Pair { Pair(self) }
}
