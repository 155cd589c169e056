/// The sizes of a tensor's dimensions, outermost first; `[]` is the shape of a scalar.
///
/// `print(x.shape)` reads as in PyTorch: `torch.Size([2, 3])`. Negative positions count from the end: `shape[-1]`.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral {
    // Up to six sizes lie here, 32 bits each, two in a number; what is not used is 0. A list of its own would be counted
    // wherever a shape is read or made, some thousand times in a training step.
    private var low: UInt64 = 0
    private var middle: UInt64 = 0
    private var high: UInt64 = 0
    /// All sizes where there are more than six, or one that takes more than 32 bits; then nothing lies in place.
    private var list: [Int]?
    /// How many sizes lie in place.
    private var placed: UInt8 = 0

    public init(_ dimensions: [Int]) {
        for size in dimensions { append(size) }
    }

    init(_ first: Int, _ second: Int) {
        append(first)
        append(second)
    }

    public init(arrayLiteral elements: Int...) { self.init(elements) }

    public var dimensions: [Int] {
        get {
            list
                ?? [Int](unsafeUninitializedCapacity: Int(placed)) { buffer, count in
                    count = Int(placed)
                    for position in 0..<count { buffer.initializeElement(at: position, to: size(at: position)) }
                }
        }
        set { self = Shape(newValue) }
    }

    /// The number of dimensions.
    public var rank: Int { list?.count ?? Int(placed) }

    /// The size at a position from 0 on, which there must be.
    fileprivate func size(at position: Int) -> Int {
        if let list { return list[position] }
        precondition(position < Int(placed), "a position outside of a shape")
        let pair = position < 2 ? low : position < 4 ? middle : high
        return Int(Int32(truncatingIfNeeded: pair >> UInt64((position & 1) * 32)))
    }

    /// Adds a dimension behind the others.
    mutating func append(_ size: Int) {
        guard list == nil, placed < 6, let small = Int32(exactly: size) else {
            let all = dimensions + [size]
            (low, middle, high, placed, list) = (0, 0, 0, 0, all)
            return
        }
        let bits = UInt64(UInt32(bitPattern: small)) << UInt64((placed & 1) * 32)
        switch placed {
        case 0, 1: low |= bits
        case 2, 3: middle |= bits
        default: high |= bits
        }
        placed += 1
    }

    /// The number of elements: the product of the sizes, 1 for a scalar; `Int.max` where it is beyond that.
    public var elementCount: Int {
        var count = 1
        for position in 0..<rank {
            let (product, overflow) = count.multipliedReportingOverflow(by: size(at: position))
            count = overflow ? .max : product
        }
        return count
    }

    /// The distance in elements between neighbours along each dimension of a row-major array of this shape.
    public var rowMajorStrides: [Int] {
        var strides = [Int](repeating: 1, count: rank)
        for position in stride(from: rank - 2, through: 0, by: -1) {
            strides[position] = strides[position + 1] * Swift.max(size(at: position + 1), 1)
        }
        return strides
    }

    /// `shape` without brackets' module name: `[2, 3]`, for messages.
    public var brackets: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}

extension Shape: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { rank }

    /// The size of one dimension; a negative position counts from the end.
    ///
    /// A position outside of the shape is a shape error (see ``withTensorErrors(_:)``).
    public subscript(position: Int) -> Int {
        get {
            let index = position < 0 ? position + rank : position
            guard index >= 0, index < rank else {
                TensorError.raise(.dimensionOutOfRange(operation: "shape", position, rank: rank))
                return 1
            }
            return size(at: index)
        }
        set {
            var sizes = dimensions
            sizes[position < 0 ? position + rank : position] = newValue
            dimensions = sizes
        }
    }
}

extension Shape {
    /// Appends numbers that no other shape has, for keys.
    ///
    /// - Parameters:
    ///   - code: the numbers of a key so far.
    public func append(to code: inout [Int]) {
        if let list {
            code.append(~list.count)
            return code.append(contentsOf: list)
        }
        code.append(Int(placed))
        if placed > 0 { code.append(Int(truncatingIfNeeded: low)) }
        if placed > 2 { code.append(Int(truncatingIfNeeded: middle)) }
        if placed > 4 { code.append(Int(truncatingIfNeeded: high)) }
    }
}

extension Shape {
    /// Whether the numbers of a key from a position on are those that ``append(to:)`` appends; the position moves behind
    /// them.
    ///
    /// - Parameters:
    ///   - code: the numbers of a key.
    ///   - position: where the shape's own begin.
    public func matches(_ code: [Int], at position: inout Int) -> Bool {
        if let list {
            let end = position + 1 + list.count
            guard end <= code.count, code[position] == ~list.count, code[position + 1..<end].elementsEqual(list)
            else { return false }
            position = end
            return true
        }
        let count = 1 + (Int(placed) + 1) / 2
        guard position + count <= code.count, code[position] == Int(placed),
            placed == 0 || code[position + 1] == Int(truncatingIfNeeded: low),
            placed <= 2 || code[position + 2] == Int(truncatingIfNeeded: middle),
            placed <= 4 || code[position + 3] == Int(truncatingIfNeeded: high)
        else { return false }
        position += count
        return true
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
        var result: Shape = []
        for offset in (0..<rank).reversed() {
            let a = offset < left.rank ? left[left.rank - 1 - offset] : 1
            let b = offset < right.rank ? right[right.rank - 1 - offset] : 1
            guard a == b || a == 1 || b == 1 else { return nil }
            result.append(a == 1 ? b : a)
        }
        return result
    }

    /// The shape without one of its dimensions.
    ///
    /// - Parameters:
    ///   - dimension: which one, counted from 0.
    public func without(dimension: Int) -> Shape {
        var result: Shape = []
        for position in 0..<rank where position != dimension { result.append(size(at: position)) }
        return result
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
