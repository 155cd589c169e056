/// The sizes of a tensor's dimensions, outermost first; `[]` is the shape of a scalar.
///
/// `print(x.shape)` reads as in PyTorch: `torch.Size([2, 3])`. Negative positions count from the end: `shape[-1]`.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral {
    public var dimensions: [Int]

    @inlinable
    public init(_ dimensions: [Int]) { self.dimensions = dimensions }

    public init(arrayLiteral elements: Int...) { dimensions = elements }

    /// The number of dimensions.
    @inlinable
    public var rank: Int { dimensions.count }

    /// The number of elements: the product of the sizes, 1 for a scalar; `Int.max` where it is beyond that.
    public var elementCount: Int {
        var count = 1
        for size in dimensions {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            count = overflow ? .max : product
        }
        return count
    }

    /// The distance in elements between neighbours along each dimension of a row-major array of this shape.
    public var rowMajorStrides: [Int] {
        var strides = [Int](repeating: 1, count: rank)
        for position in stride(from: rank - 2, through: 0, by: -1) {
            strides[position] = strides[position + 1] * Swift.max(dimensions[position + 1], 1)
        }
        return strides
    }

    /// `shape` without brackets' module name: `[2, 3]`, for messages.
    public var brackets: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}

extension Shape: RandomAccessCollection {
    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { dimensions.count }

    /// The size of one dimension; a negative position counts from the end.
    ///
    /// A position outside of the shape is a shape error (see ``withTensorErrors(_:)``).
    public subscript(position: Int) -> Int {
        get {
            let index = position < 0 ? position + rank : position
            guard dimensions.indices.contains(index) else {
                TensorError.raise(.dimensionOutOfRange(operation: "shape", position, rank: rank))
                return 1
            }
            return dimensions[index]
        }
        set { dimensions[position < 0 ? position + rank : position] = newValue }
    }
}

extension Shape: CustomStringConvertible {
    public var description: String { "torch.Size(\(brackets))" }
}

extension Shape {
    /// The shape of an elementwise operation on both: sizes are aligned at the end, and a size of 1 stretches.
    ///
    /// Returns nil where two sizes differ and none of them is 1 (NumPy's and PyTorch's broadcasting rule).
    public static func broadcast(_ left: Shape, _ right: Shape) -> Shape? {
        if left == right { return left }
        let rank = Swift.max(left.rank, right.rank)
        var result = [Int](repeating: 1, count: rank)
        for offset in 1...Swift.max(rank, 1) where offset <= rank {
            let a = offset <= left.rank ? left.dimensions[left.rank - offset] : 1
            let b = offset <= right.rank ? right.dimensions[right.rank - offset] : 1
            guard a == b || a == 1 || b == 1 else { return nil }
            result[rank - offset] = a == 1 ? b : a
        }
        return Shape(result)
    }

    /// Resolves a dimension that may be negative; throws where it is outside of `-rank ..< rank`.
    public func resolve(dimension: Int, operation: String) throws(TensorError) -> Int {
        let bound = Swift.max(rank, 1)
        guard dimension >= -bound, dimension < bound else {
            throw .dimensionOutOfRange(operation: operation, dimension, rank: rank)
        }
        return dimension < 0 ? dimension + bound : dimension
    }

    /// Resolves several dimensions, sorted; all of them where `dimensions` is empty or nil.
    public func resolve(dimensions requested: [Int]?, operation: String) throws(TensorError) -> [Int] {
        guard let requested, !requested.isEmpty else { return Array(0..<rank) }
        var result: [Int] = []
        for dimension in requested {
            let resolved = try resolve(dimension: dimension, operation: operation)
            if result.contains(resolved) {
                throw TensorError(
                    operation, "dimension \(resolved) appears more than once in dim: \(requested). Name each once.")
            }
            result.append(resolved)
        }
        // A scalar has no dimension to reduce, though it answers to 0 and −1.
        return rank > 0 ? result.sorted() : []
    }
}

/// What is known of a tensor before it is computed.
public struct TensorSpec: Hashable, Sendable {
    public var shape: Shape
    public var dtype: DType
    public var device: Device

    public init(_ shape: Shape, _ dtype: DType, _ device: Device = .cpu) {
        self.shape = shape
        self.dtype = dtype
        self.device = device
    }

    /// The size in bytes in the plain, row-major layout; `Int.max` where it is beyond that.
    public var byteCount: Int {
        let (bytes, overflow) = shape.elementCount.multipliedReportingOverflow(by: dtype.byteCount)
        return overflow ? .max : bytes
    }
}
