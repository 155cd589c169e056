import ApusGraph

extension Tensor {
    /// Computes the tensor and gives its elements' bytes, row-major, to `body`.
    ///
    /// Throws where the tensor cannot be computed.
    public func withElements<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        if value.node.isPending || value.node.isPoisoned { try EvaluationHook.evaluate([value]) }
        guard let storage = value.node.storage(of: value.output) else {
            throw TensorError.noElements
        }
        let readable = try Engine.shared.inProcessorMemory(storage)
        return try withExtendedLifetime(readable) {
            try body(UnsafeRawBufferPointer(start: readable.pointer, count: spec.byteCount))
        }
    }

    /// All elements as numbers of a Swift type, row-major: converted where the tensor has another type.
    ///
    /// A tensor that cannot be computed is an error (see ``/ApusGraph/withTensorErrors(_:)``); ``elements(as:)`` throws
    /// instead.
    public func array<Scalar: TensorScalar>(as type: Scalar.Type = Float.self) -> [Scalar] {
        do {
            return try elements(as: type)
        } catch {
            TensorError.raise(error as? TensorError ?? TensorError("read", "\(error)"))
            return []
        }
    }

    /// All elements as numbers of a Swift type, row-major; throws where the tensor cannot be computed.
    public func elements<Scalar: TensorScalar>(as type: Scalar.Type = Float.self) throws -> [Scalar] {
        try withElements { $0.elements(as: type, count: count, dtype) }
    }

    /// The only element (`torch.Tensor.item`).
    ///
    /// More than one element is an error, as is a tensor that cannot be computed (see
    /// ``/ApusGraph/withTensorErrors(_:)``).
    public func item<Scalar: TensorScalar>(as type: Scalar.Type = Double.self) -> Scalar {
        guard count == 1 else {
            TensorError.raise(.notOneElement(shape))
            return 0.0.converted(to: type)
        }
        return array(as: type).first ?? Double.nan.converted(to: type)
    }
}

extension TensorError {
    static var noElements: TensorError {
        TensorError("read", "this tensor has no elements: it was made after an error.")
    }

    /// `item` of a tensor that does not have one element.
    static func notOneElement(_ shape: Shape) -> TensorError {
        TensorError(
            "item", "a tensor of shape \(shape.brackets) has \(shape.elementCount) elements, not one. Use array().")
    }
}

extension UnsafeRawBufferPointer {
    /// A tensor's bytes as numbers of a Swift type.
    func elements<Scalar: TensorScalar>(as type: Scalar.Type, count: Int, _ dtype: DType) -> [Scalar] {
        if let same = copied(as: type, dtype) { return same }
        return (0..<count).map { scalar(at: $0, dtype, as: type) }
    }

    /// The elements at once where they have the type already.
    fileprivate func copied<Scalar: TensorScalar>(as type: Scalar.Type, _ dtype: DType) -> [Scalar]? {
        switch (dtype, type) {
        case (.float32, is Float.Type), (.float64, is Double.Type), (.int64, is Int64.Type), (.int64, is Int.Type),
            (.uint8, is UInt8.Type):
            return Array(bindMemory(to: type))
        default:
            return nil
        }
    }

    fileprivate func scalar<Scalar: TensorScalar>(at index: Int, _ dtype: DType, as type: Scalar.Type) -> Scalar {
        switch dtype {
        case .bool, .uint8: Int64(self[index]).converted(to: type)
        case .int64: loadUnaligned(fromByteOffset: index * 8, as: Int64.self).converted(to: type)
        case .float32: Double(loadUnaligned(fromByteOffset: index * 4, as: Float.self)).converted(to: type)
        case .float64: loadUnaligned(fromByteOffset: index * 8, as: Double.self).converted(to: type)
        }
    }
}

extension TensorScalar {
    /// The number as another type: toward zero, and cut to the type's range; nonzero is true.
    fileprivate func converted<Scalar: TensorScalar>(to type: Scalar.Type) -> Scalar {
        let result: any TensorScalar =
            switch type {
            case is Float.Type: Float(asDouble)
            case is Double.Type: asDouble
            case is Int.Type: Int(asInt64)
            case is Int64.Type: asInt64
            case is UInt8.Type: UInt8(clamping: asInt64)
            default: asDouble != 0
            }
        guard let scalar = result as? Scalar else {
            preconditionFailure("\(Scalar.self) is not a type of numbers that tensors know")
        }
        return scalar
    }
}
