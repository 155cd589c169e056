/// Nested arrays of numbers from which a tensor can be made: `[Float]`, `[[Int]]`, `[[[Double]]]` …
public protocol TensorElements {
    static var scalarType: any TensorScalar.Type { get }
    /// The sizes along the first elements.
    var nestedShape: [Int] { get }
    /// Appends all numbers in order; returns false where a row has another shape than its neighbours.
    func append(to elements: inout [any TensorScalar], expecting shape: ArraySlice<Int>) -> Bool
}

extension TensorElements where Self: TensorScalar {
    public static var scalarType: any TensorScalar.Type { Self.self }
    public var nestedShape: [Int] { [] }
    public func append(to elements: inout [any TensorScalar], expecting shape: ArraySlice<Int>) -> Bool {
        elements.append(self)
        return shape.isEmpty
    }
}

extension Float: TensorElements {}
extension Double: TensorElements {}
extension Int: TensorElements {}
extension Int64: TensorElements {}
extension UInt8: TensorElements {}
extension Bool: TensorElements {}

extension Array: TensorElements where Element: TensorElements {
    public static var scalarType: any TensorScalar.Type { Element.scalarType }
    public var nestedShape: [Int] { [count] + (first?.nestedShape ?? []) }
    public func append(to elements: inout [any TensorScalar], expecting shape: ArraySlice<Int>) -> Bool {
        guard shape.first == count else { return false }
        return allSatisfy { $0.append(to: &elements, expecting: shape.dropFirst()) }
    }
}

extension Tensor {
    /// A tensor of the given numbers, such as `Tensor([[0, 1], [2, 3]])` or `Tensor([1.5, 2])`.
    ///
    /// Without `dtype` integers make `int64`, `Float` and `Double` make `float32`, as `torch.tensor` does. Rows of
    /// different lengths are an error (see ``withTensorErrors(_:)``).
    @_disfavoredOverload
    public init(_ elements: some TensorElements, dtype: DType? = nil) {
        let shape = Shape(elements.nestedShape)
        var flat: [any TensorScalar] = []
        flat.reserveCapacity(shape.elementCount)
        guard elements.append(to: &flat, expecting: shape.dimensions[...]) else {
            self = .refuse(
                TensorError("Tensor", "the rows have different lengths; the first ones make \(shape.brackets)."))
            return
        }
        let type = dtype ?? type(of: elements).scalarType.defaultDType
        self.init(TensorSpec(shape, type, .standard)) { pointer in
            for (index, value) in flat.enumerated() { pointer.store(value, at: index, as: type) }
        }
    }

    /// A tensor of one dimension, or of `shape`, from numbers that are copied at once.
    public init(_ elements: [Float], shape: Shape? = nil, dtype: DType = .float32) {
        self.init(copying: elements, shape: shape, dtype: dtype, native: .float32)
    }

    public init(_ elements: [Int], shape: Shape? = nil, dtype: DType = .int64) {
        self.init(copying: elements, shape: shape, dtype: dtype, native: .int64)
    }

    public init(_ elements: [Int64], shape: Shape? = nil, dtype: DType = .int64) {
        self.init(copying: elements, shape: shape, dtype: dtype, native: .int64)
    }

    public init(_ elements: [UInt8], shape: Shape? = nil, dtype: DType = .uint8) {
        self.init(copying: elements, shape: shape, dtype: dtype, native: .uint8)
    }

    /// Numbers of double precision; `dtype` is `float32` unless it is given, as for literals.
    public init(_ elements: [Double], shape: Shape? = nil, dtype: DType = .float32) {
        self.init(copying: elements, shape: shape, dtype: dtype, native: .float64)
    }

    private init<Element: TensorScalar>(copying elements: [Element], shape: Shape?, dtype: DType, native: DType) {
        let shape = shape ?? [elements.count]
        guard shape.elementCount == elements.count else {
            self = .refuse(
                TensorError(
                    "Tensor",
                    "\(elements.count) elements do not fill the shape \(shape.brackets), which has "
                        + "\(shape.elementCount)."))
            return
        }
        self.init(TensorSpec(shape, dtype, .standard)) { pointer in
            if dtype == native {
                elements.withUnsafeBytes {
                    if let base = $0.baseAddress { pointer.copyMemory(from: base, byteCount: $0.count) }
                }
            } else {
                for (index, value) in elements.enumerated() { pointer.store(value, at: index, as: dtype) }
            }
        }
    }

    /// A scalar.
    public init(scalar value: some TensorScalar, dtype: DType? = nil) {
        let type = dtype ?? Swift.type(of: value).defaultDType
        self.init(TensorSpec([], type, .standard)) { $0.store(value, at: 0, as: type) }
    }

    /// A tensor whose elements `fill` writes, row-major.
    public init(_ spec: TensorSpec, fill: (UnsafeMutableRawPointer) throws -> Void) rethrows {
        let storage = Storage(byteCount: spec.byteCount)
        try fill(storage.pointer)
        self.init(storage, spec)
    }
}

extension UnsafeMutableRawPointer {
    /// Writes a number as an element of a type.
    fileprivate func store(_ value: some TensorScalar, at index: Int, as dtype: DType) {
        switch dtype {
        case .bool: storeBytes(of: value.asDouble != 0 ? 1 : 0, toByteOffset: index, as: UInt8.self)
        case .uint8: storeBytes(of: UInt8(truncatingIfNeeded: value.asInt64), toByteOffset: index, as: UInt8.self)
        case .int64: storeBytes(of: value.asInt64, toByteOffset: index * 8, as: Int64.self)
        case .float32: storeBytes(of: Float(value.asDouble), toByteOffset: index * 4, as: Float.self)
        case .float64: storeBytes(of: value.asDouble, toByteOffset: index * 8, as: Double.self)
        }
    }
}

extension Tensor: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    public init(integerLiteral value: Int) { self.init(literal: .integer(Int64(value))) }
    public init(floatLiteral value: Double) { self.init(literal: .real(value)) }
}

extension Tensor {
    /// A tensor of zeros (`torch.zeros`): → `shape`.
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result.
    ///   - dtype: the type of the elements; `.float32` by default.
    public static func zeros(_ shape: Shape, dtype: DType = .float32) -> Tensor { full(shape, 0, dtype: dtype) }
    /// A tensor of zeros (`torch.zeros`): → [sizes].
    ///
    /// - Parameters:
    ///   - sizes: the sizes of the result.
    ///   - dtype: the type of the elements; `.float32` by default.
    public static func zeros(_ sizes: Int..., dtype: DType = .float32) -> Tensor { full(Shape(sizes), 0, dtype: dtype) }
    /// A tensor of ones (`torch.ones`): → `shape`.
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result.
    ///   - dtype: the type of the elements; `.float32` by default.
    public static func ones(_ shape: Shape, dtype: DType = .float32) -> Tensor { full(shape, 1, dtype: dtype) }
    /// A tensor of ones (`torch.ones`): → [sizes].
    ///
    /// - Parameters:
    ///   - sizes: the sizes of the result.
    ///   - dtype: the type of the elements; `.float32` by default.
    public static func ones(_ sizes: Int..., dtype: DType = .float32) -> Tensor { full(Shape(sizes), 1, dtype: dtype) }
    /// A tensor of one value (`torch.full`): → `shape`.
    ///
    /// - Parameters:
    ///   - shape: the sizes of the result.
    ///   - value: each element.
    ///   - dtype: the type; that of the value where it is `nil`, which is the default.
    ///   - device: where it is; ``Device/standard`` where it is `nil`, which is the default.
    public static func full(
        _ shape: Shape, _ value: some TensorScalar, dtype: DType? = nil, device: Device? = nil
    ) -> Tensor {
        record(Fill(shape, value, dtype ?? type(of: value).defaultDType, device ?? .standard))
    }
    /// Zeros in the shape and type of another tensor (`torch.zeros_like`): [*] → [*].
    ///
    /// - Parameters:
    ///   - tensor: what the shape and type are taken from.
    public static func zerosLike(_ tensor: Tensor) -> Tensor { fullLike(tensor, 0) }
    /// Ones in the shape and type of another tensor (`torch.ones_like`): [*] → [*].
    ///
    /// - Parameters:
    ///   - tensor: what the shape and type are taken from.
    public static func onesLike(_ tensor: Tensor) -> Tensor { fullLike(tensor, 1) }
    /// Zeros of a shape and type, on a device.
    static func zeros(like spec: TensorSpec) -> Tensor {
        full(spec.shape, 0, dtype: spec.dtype, device: spec.device)
    }
    /// One value in the shape and type of another tensor (`torch.full_like`): [*] → [*].
    ///
    /// - Parameters:
    ///   - tensor: what the shape and type are taken from.
    ///   - value: each element.
    public static func fullLike(_ tensor: Tensor, _ value: some TensorScalar) -> Tensor {
        full(tensor.shape, value, dtype: tensor.dtype, device: tensor.device)
    }

    /// Integers from `start` up to, not including, `end` (`torch.arange`): → [⌈(end − start) / step⌉].
    ///
    /// - Parameters:
    ///   - start: the first number; `0` by default.
    ///   - end: where they stop, not included.
    ///   - step: the distance of neighbours, other than 0; `1` by default.
    ///   - dtype: the type of the elements; `.int64` by default.
    public static func arange(_ start: Int = 0, _ end: Int, step: Int = 1, dtype: DType = .int64) -> Tensor {
        arange(Double(start), Double(end), step: Double(step), dtype: dtype)
    }

    /// The integers 0 ..< `end` (`torch.arange`): → [end].
    ///
    /// - Parameters:
    ///   - end: where they stop, not included.
    ///   - dtype: the type of the elements; `.int64` by default.
    public static func arange(_ end: Int, dtype: DType = .int64) -> Tensor { arange(0, end, dtype: dtype) }

    /// The numbers start, start + step, … before `end` (`torch.arange`): → [⌈(end − start) / step⌉].
    ///
    /// - Parameters:
    ///   - start: the first number.
    ///   - end: where they stop, not included.
    ///   - step: the distance of neighbours, other than 0; `1` by default.
    ///   - dtype: the type of the elements; `.float32` by default.
    public static func arange(_ start: Double, _ end: Double, step: Double = 1, dtype: DType = .float32) -> Tensor {
        record(Arange(start: start, end: end, step: step, dtype: dtype, device: .standard))
    }

    /// Replaces all elements by one value, in a new tensor to which the variable is bound (`torch.Tensor.fill_`): [*] →
    /// [*].
    ///
    /// - Parameters:
    ///   - value: each element.
    public mutating func fill(_ value: some TensorScalar) { self = .fullLike(self, value) }
}
