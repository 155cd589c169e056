extension Tensor {
    /// `steps` numbers evenly spaced from `start` to `end`, both included (`torch.linspace`). → [steps]
    ///
    /// One step is `start`; a negative number of them is an error.
    ///
    /// - Parameters:
    ///   - start: the first number.
    ///   - end: the last number.
    ///   - steps: how many, not negative.
    ///   - dtype: the type of the elements; `.float32` by default.
    public static func linspace(_ start: Double, _ end: Double, steps: Int, dtype: DType = .float32) -> Tensor {
        guard steps >= 0 else {
            return .refuse(TensorError("linspace", "the number of steps is \(steps). It must not be negative."))
        }
        guard steps > 1 else { return .full([steps], start, dtype: dtype) }
        let step = (end - start) / Double(steps - 1)
        // From both ends to the middle, so that both are exact.
        let first = (steps + 1) / 2
        let numbers = (0..<steps).map { $0 < first ? start + Double($0) * step : end - Double(steps - 1 - $0) * step }
        return Tensor(numbers, dtype: dtype)
    }

    /// How the dimensions of a grid are ordered.
    public enum GridIndexing: Sendable {
        /// Matrix order: the k-th tensor varies along dimension k.
        case ij
        /// Cartesian order: the first two dimensions are swapped.
        case xy
    }

    /// The coordinates of a grid: for each vector a tensor that varies along its own dimension (`torch.meshgrid`).
    ///
    /// Vectors [S₁], …, [Sₙ] (scalars count as one element) → n tensors [S₁, …, Sₙ]; with `.xy` the first two
    /// dimensions are swapped.
    ///
    /// - Parameters:
    ///   - tensors: vectors or scalars of one type.
    ///   - indexing: whether the first two dimensions are swapped (`.xy`); `.ij` by default.
    public static func meshgrid(_ tensors: [Tensor], indexing: GridIndexing = .ij) -> [Tensor] {
        guard !tensors.isEmpty else { return [.refuse(TensorError("meshgrid", "the list of tensors is empty."))] }
        for tensor in tensors where tensor.rank > 1 {
            let error = TensorError(
                "meshgrid", "the tensor \(tensor.shape.brackets) has \(tensor.rank) dimensions. Expected vectors.")
            return [.refuse(error, like: tensors)]
        }
        let sizes = tensors.map(\.count)
        let grids = tensors.enumerated().map { dimension, tensor in
            var own = [Int](repeating: 1, count: sizes.count)
            own[dimension] = sizes[dimension]
            return tensor.reshape(Shape(own)).expand(Shape(sizes)).withGradientName("ExpandBackward0")
        }
        return indexing == .xy && sizes.count > 1 ? grids.map { $0.transpose(0, 1) } : grids
    }
}
