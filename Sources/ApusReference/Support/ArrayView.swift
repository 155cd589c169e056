import ApusGraph

/// A row-major array that a kernel reads.
public struct ArrayView {
    public let pointer: UnsafeRawPointer
    public let spec: TensorSpec

    public init(_ pointer: UnsafeRawPointer, _ spec: TensorSpec) {
        self.pointer = pointer
        self.spec = spec
    }

    public var shape: Shape { spec.shape }
    public var dtype: DType { spec.dtype }
    public var count: Int { spec.shape.elementCount }
    public var sizes: [Int] { spec.shape.dimensions }

    /// All elements in double precision; truth values are 0 and 1.
    public func reals() -> [Double] {
        [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress { loadReals(0, count, into: base) }
            initialized = count
        }
    }

    /// All elements as integers; real ones are cut toward zero.
    public func integers() -> [Int64] {
        [Int64](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress { loadIntegers(0, count, into: base) }
            initialized = count
        }
    }

    /// Writes `length` elements from `start` to `result` in double precision.
    func loadReals(_ start: Int, _ length: Int, into result: UnsafeMutablePointer<Double>) {
        switch dtype {
        case .float32:
            let source = pointer.assumingMemoryBound(to: Float.self) + start
            for index in 0..<length { result[index] = Double(source[index]) }
        case .float64:
            result.update(from: pointer.assumingMemoryBound(to: Double.self) + start, count: length)
        case .int64:
            let source = pointer.assumingMemoryBound(to: Int64.self) + start
            for index in 0..<length { result[index] = Double(source[index]) }
        case .uint8:
            let source = pointer.assumingMemoryBound(to: UInt8.self) + start
            for index in 0..<length { result[index] = Double(source[index]) }
        case .bool:
            let source = pointer.assumingMemoryBound(to: UInt8.self) + start
            for index in 0..<length { result[index] = source[index] != 0 ? 1 : 0 }
        }
    }

    /// Writes `length` elements from `start` to `result` as integers.
    func loadIntegers(_ start: Int, _ length: Int, into result: UnsafeMutablePointer<Int64>) {
        switch dtype {
        case .float32:
            let source = pointer.assumingMemoryBound(to: Float.self) + start
            for index in 0..<length { result[index] = Int64(truncating: Double(source[index])) }
        case .float64:
            let source = pointer.assumingMemoryBound(to: Double.self) + start
            for index in 0..<length { result[index] = Int64(truncating: source[index]) }
        case .int64:
            result.update(from: pointer.assumingMemoryBound(to: Int64.self) + start, count: length)
        case .uint8:
            let source = pointer.assumingMemoryBound(to: UInt8.self) + start
            for index in 0..<length { result[index] = Int64(source[index]) }
        case .bool:
            let source = pointer.assumingMemoryBound(to: UInt8.self) + start
            for index in 0..<length { result[index] = source[index] != 0 ? 1 : 0 }
        }
    }
}

/// A row-major array that a kernel writes.
public struct MutableArrayView {
    public let pointer: UnsafeMutableRawPointer
    public let spec: TensorSpec

    public init(_ pointer: UnsafeMutableRawPointer, _ spec: TensorSpec) {
        self.pointer = pointer
        self.spec = spec
    }

    public var shape: Shape { spec.shape }
    public var dtype: DType { spec.dtype }
    public var count: Int { spec.shape.elementCount }
    public var sizes: [Int] { spec.shape.dimensions }

    /// The same array, for reading what was written.
    public var view: ArrayView { ArrayView(UnsafeRawPointer(pointer), spec) }

    /// Writes all elements, rounded to the type; toward zero for integers, which keep their low bits.
    public func store(_ values: [Double]) {
        precondition(values.count == count, "\(values.count) values for \(shape)")
        storeReals(values, 0, count)
    }

    /// Writes all elements; a smaller type keeps their low bits, `bool` whether they are not 0.
    public func store(_ values: [Int64]) {
        precondition(values.count == count, "\(values.count) values for \(shape)")
        storeIntegers(values, 0, count)
    }

    /// Writes `length` elements from `start`.
    func storeReals(_ values: UnsafePointer<Double>, _ start: Int, _ length: Int) {
        switch dtype {
        case .float32:
            let target = pointer.assumingMemoryBound(to: Float.self) + start
            for index in 0..<length { target[index] = Float(values[index]) }
        case .float64:
            (pointer.assumingMemoryBound(to: Double.self) + start).update(from: values, count: length)
        case .int64:
            let target = pointer.assumingMemoryBound(to: Int64.self) + start
            for index in 0..<length { target[index] = Int64(truncating: values[index]) }
        case .uint8:
            let target = pointer.assumingMemoryBound(to: UInt8.self) + start
            for index in 0..<length { target[index] = UInt8(truncatingIfNeeded: Int64(truncating: values[index])) }
        case .bool:
            let target = pointer.assumingMemoryBound(to: UInt8.self) + start
            for index in 0..<length { target[index] = values[index] != 0 ? 1 : 0 }
        }
    }

    /// Writes `length` elements from `start`.
    func storeIntegers(_ values: UnsafePointer<Int64>, _ start: Int, _ length: Int) {
        switch dtype {
        case .float32:
            let target = pointer.assumingMemoryBound(to: Float.self) + start
            for index in 0..<length { target[index] = Float(values[index]) }
        case .float64:
            let target = pointer.assumingMemoryBound(to: Double.self) + start
            for index in 0..<length { target[index] = Double(values[index]) }
        case .int64:
            (pointer.assumingMemoryBound(to: Int64.self) + start).update(from: values, count: length)
        case .uint8:
            let target = pointer.assumingMemoryBound(to: UInt8.self) + start
            for index in 0..<length { target[index] = UInt8(truncatingIfNeeded: values[index]) }
        case .bool:
            let target = pointer.assumingMemoryBound(to: UInt8.self) + start
            for index in 0..<length { target[index] = values[index] != 0 ? 1 : 0 }
        }
    }

    /// Copies all elements of an array of the same type and number of elements.
    func copyElements(of source: ArrayView) {
        precondition(source.dtype == dtype && source.count == count, "\(source.spec) is copied to \(spec)")
        if UnsafeRawPointer(pointer) != source.pointer {
            pointer.copyMemory(from: source.pointer, byteCount: spec.byteCount)
        }
    }
}

extension MutableArrayView {
    /// Refuses types for which an operation is not defined.
    func requireReal(_ operation: String) throws(TensorError) {
        guard dtype.isFloatingPoint else {
            throw TensorError(operation, "the operation is not defined for \(dtype). Cast to .float32 first.")
        }
    }
}
