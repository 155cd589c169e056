extension Tensor {
    /// The elements on a diagonal of each matrix of two dimensions, as the last dimension (`torch.diagonal`).
    ///
    /// [.., R, C] → [.., D], where D is the number of elements (i, i + offset) within the matrix; an offset above 0
    /// is above the main diagonal. `dim1` and `dim2` must differ.
    ///
    /// - Parameters:
    ///   - offset: above the main diagonal where it is positive; `0` by default.
    ///   - dim1: the dimension of rows; `0` by default.
    ///   - dim2: the dimension of columns; `1` by default.
    public func diagonal(offset: Int = 0, dim1: Int = 0, dim2: Int = 1) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let rows = try shape.resolve(dimension: dim1, operation: "diagonal")
            let columns = try shape.resolve(dimension: dim2, operation: "diagonal")
            guard rows != columns, rank >= 2 else {
                throw TensorError(
                    "diagonal",
                    "the dimensions \(dim1) and \(dim2) of \(shape.brackets) are the same one. A diagonal needs two.")
            }
            let others = (0..<rank).filter { $0 != rows && $0 != columns }
            let order = others + [rows, columns]
            let matrices = order == Array(0..<rank) ? self : permute(order)
            let leading = Array(matrices.shape.dimensions.dropLast(2))
            let (height, width) = (shape[rows], shape[columns])
            let length = Tensor.diagonalLength(height, width, offset)
            // In row-major order the elements of a diagonal are one row and one column apart.
            let flat = matrices.reshape(Shape(leading + [height * width]))
            let start = length == 0 ? 0 : offset >= 0 ? offset : -offset * width
            let slice = Slice(
                starts: leading.map { _ in 0 } + [start], counts: leading + [length],
                steps: leading.map { _ in 1 } + [width + 1])
            return .record(slice, [flat], gradientName: "DiagonalBackward0")[0]
        }
    }

    /// The number of elements (i, i + offset) of a matrix.
    private static func diagonalLength(_ height: Int, _ width: Int, _ offset: Int) -> Int {
        guard offset > -height, offset < width else { return 0 }
        return offset >= 0 ? Swift.min(height, width - offset) : Swift.min(height + offset, width)
    }

    /// Square matrices with the elements of the last dimension on a diagonal and 0 elsewhere (`torch.diag_embed`, whose
    /// matrices are always the last two dimensions here).
    ///
    /// [.., D] → [.., D + |offset|, D + |offset|].
    ///
    /// - Parameters:
    ///   - offset: above the main diagonal where it is positive; `0` by default.
    public func diagEmbed(offset: Int = 0) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard rank > 0 else { throw TensorError("diag_embed", "a scalar has no diagonal. Reshape it to [1].") }
            let leading = Array(shape.dimensions.dropLast())
            let size = shape[-1] + Swift.abs(offset)
            guard shape[-1] > 0 else {
                // Zeros that the empty diagonal can still be differentiated by.
                return reshape(Shape(leading + [0, size])).pad([0, 0, 0, size])
            }
            let slice = Slice(
                starts: leading.map { _ in 0 } + [offset >= 0 ? offset : -offset * size], counts: shape.dimensions,
                steps: leading.map { _ in 1 } + [size + 1])
            let flat = Tensor.zeros(Shape(leading + [size * size]), dtype: dtype)
            return Tensor.record(SliceAssign(slice), flat, self).reshape(Shape(leading + [size, size]))
                .withGradientName("DiagonalScatterBackward0")
        }
    }

    /// The diagonal of a matrix, or the matrix of a diagonal (`torch.diag`).
    ///
    /// [R, C] → [D] as ``diagonal(offset:dim1:dim2:)``; [D] → [D + |k|, D + |k|]. Other ranks are an error.
    ///
    /// - Parameters:
    ///   - diagonal: k, above the main diagonal where it is positive; `0` by default.
    public func diag(_ diagonal: Int = 0) -> Tensor {
        switch rank {
        case 1: diagEmbed(offset: diagonal)
        case 2: self.diagonal(offset: diagonal)
        default:
            .refuse(
                TensorError("diag", "the tensor \(shape.brackets) has \(rank) dimensions. Expected 1 or 2."),
                like: [self])
        }
    }

    /// The sum of the main diagonal of a matrix (`torch.trace`). [R, C] → [].
    public func trace() -> Tensor {
        guard rank == 2 else {
            return .refuse(
                TensorError("trace", "the tensor \(shape.brackets) has \(rank) dimensions. Expected a matrix, [R, C]."),
                like: [self])
        }
        return diagonal().sum().withGradientName("TraceBackward0")
    }

    /// The matrix with ones on its main diagonal and 0 elsewhere (`torch.eye`): → [rows, columns].
    ///
    /// - Parameters:
    ///   - rows: its rows.
    ///   - columns: its columns; as many as rows where it is `nil`, which is the default.
    ///   - dtype: the type of the elements; `.float32` by default.
    public static func eye(_ rows: Int, _ columns: Int? = nil, dtype: DType = .float32) -> Tensor {
        let columns = columns ?? rows
        guard rows >= 0, columns >= 0 else {
            return .refuse(TensorError("eye", "the sizes \(rows) and \(columns) must not be negative."))
        }
        let size = Swift.min(rows, columns)
        guard size > 0 else { return .zeros([rows, columns], dtype: dtype) }
        let slice = Slice(starts: [0], counts: [size], steps: [columns + 1])
        return Tensor.record(SliceAssign(slice), .zeros([rows * columns], dtype: dtype), .ones([size], dtype: dtype))
            .reshape(rows, columns)
    }
}
