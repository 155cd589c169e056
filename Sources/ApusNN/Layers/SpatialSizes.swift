import ApusGraph

/// The size of a kernel, a stride, a padding or a dilation: one number for all spatial dimensions, or one for each, in
/// the order of the dimensions ([D, H, W]).
///
/// Wherever a layer takes one, an `Int` stands for all dimensions and `[2, 1]` for height 2 and width 1, as in PyTorch.
public struct SpatialSizes: Sendable, Hashable {
    /// One number, or one for each dimension; in a layer always one for each.
    public let sizes: [Int]
    /// Whether it was given as one number, which is how it is printed then.
    private let isSingle: Bool

    /// One number for all dimensions.
    public init(_ size: Int) { (sizes, isSingle) = ([size], true) }

    /// One number for each dimension.
    public init(_ sizes: [Int]) { (self.sizes, isSingle) = (sizes, false) }

    private init(repeating size: Int, rank: Int) {
        (sizes, isSingle) = ([Int](repeating: size, count: rank), true)
    }

    /// The same with one number for each of `rank` dimensions; nil where another count was given.
    public func resolved(rank: Int) -> SpatialSizes? {
        if isSingle { return SpatialSizes(repeating: sizes.first ?? 1, rank: rank) }
        return sizes.count == rank ? self : nil
    }

    /// Whether every number is `size`.
    public func areAll(_ size: Int) -> Bool { sizes.allSatisfy { $0 == size } }

    /// `(5, 5)`, or `(5,)` for one dimension
    public var tupleText: String {
        sizes.count == 1 ? "(\(sizes[0]),)" : "(\(sizes.map(String.init).joined(separator: ", ")))"
    }

    /// Whether the numbers are equal, however they were given.
    public static func == (left: SpatialSizes, right: SpatialSizes) -> Bool { left.sizes == right.sizes }
    /// Hashes the numbers.
    public func hash(into hasher: inout Hasher) { hasher.combine(sizes) }
}

extension SpatialSizes: CustomStringConvertible {
    /// As PyTorch prints what it was given: `2` or `(2, 1)`.
    public var description: String { isSingle ? "\(sizes.first ?? 1)" : tupleText }
}

extension SpatialSizes: ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    /// One number for all dimensions.
    public init(integerLiteral value: Int) { self.init(value) }
    /// One number for each dimension.
    public init(arrayLiteral elements: Int...) { self.init(elements) }
}

/// What can be given for the sizes of spatial dimensions: an `Int`, an array, or ``SpatialSizes``.
public protocol SpatialSize {
    var spatialSizes: SpatialSizes { get }
}

extension SpatialSizes: SpatialSize {
    /// The sizes themselves.
    public var spatialSizes: SpatialSizes { self }
}

extension Int: SpatialSize {
    /// This number for all dimensions.
    public var spatialSizes: SpatialSizes { SpatialSizes(self) }
}

extension [Int]: SpatialSize {
    /// One number for each dimension.
    public var spatialSizes: SpatialSizes { SpatialSizes(self) }
}
