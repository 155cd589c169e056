import ApusGraph

/// A view [outer, size, inner] of a tensor, whose middle dimension is indexed by positions.
struct IndexedView: Sendable {
    let outer: Int
    let size: Int
    let inner: Int
    private let dimension: Int
    private let positions: Shape
    private let operation: String

    /// - Parameters:
    ///   - shape: the tensor's.
    ///   - dimension: the one that is indexed.
    ///   - positions: the shape of the positions, for errors.
    ///   - operation: the name in errors.
    init(_ shape: Shape, along dimension: Int, positions: Shape, operation: String) {
        outer = shape.dimensions[..<dimension].reduce(1, *)
        size = shape.dimensions[dimension]
        inner = shape.dimensions[(dimension + 1)...].reduce(1, *)
        self.dimension = dimension
        self.positions = positions
        self.operation = operation
    }

    /// What a kernel reports of a position that is out of range: the position, and where it stands among all of them.
    func faultCode(on device: CUDADevice) -> FaultCode {
        device.faultCode { [self] values in
            .indexOutOfRange(
                operation: operation, Int64(values[0]), at: positions.coordinates(ofFlat: values[1]),
                dimension: dimension, size: size)
        }
    }
}
