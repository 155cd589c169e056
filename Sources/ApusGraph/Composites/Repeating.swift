extension Tensor {
    /// The tensor put side by side `repeats[k]` times along dimension k (`torch.Tensor.repeat`).
    ///
    /// [S₁, …, Sₙ] → [R₁ · S₁, …, Rₙ · Sₙ]. More repeats than dimensions add dimensions in front; fewer are an error,
    /// as is a negative one.
    ///
    /// - Parameters:
    ///   - repeats: how often along each dimension.
    public func `repeat`(_ repeats: [Int]) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard repeats.count >= rank else {
                throw TensorError(
                    "repeat",
                    "the repeats \(repeats) are fewer than the dimensions of \(shape.brackets). Give one for each; "
                        + "more add dimensions in front.")
            }
            guard repeats.allSatisfy({ $0 >= 0 }) else {
                throw TensorError("repeat", "the repeats \(repeats) must not be negative.")
            }
            let sizes = [Int](repeating: 1, count: repeats.count - rank) + shape.dimensions
            guard repeats.contains(where: { $0 != 1 }) else {
                return reshape(Shape(sizes)).clone().withGradientName("RepeatBackward0")
            }
            // Each repeated dimension S becomes [1, S], which stretches to [R, S].
            var (split, stretched): ([Int], [Int]) = ([], [])
            for (count, size) in zip(repeats, sizes) {
                if count != 1 {
                    split.append(1)
                    stretched.append(count)
                }
                split.append(size)
                stretched.append(size)
            }
            return reshape(Shape(split)).expand(Shape(stretched))
                .reshape(Shape(zip(repeats, sizes).map { $0 * $1 })).withGradientName("RepeatBackward0")
        }
    }

    /// The tensor put side by side along each dimension (`torch.Tensor.repeat`): [S₁, …, Sₙ] → [R₁ · S₁, …, Rₙ · Sₙ].
    ///
    /// - Parameters:
    ///   - repeats: how often along each dimension.
    public func `repeat`(_ repeats: Int...) -> Tensor { self.repeat(repeats) }

    /// The tensor put side by side along each dimension, where missing numbers in front are 1 (`torch.tile`): [S₁, …,
    /// Sₙ] → [R₁ · S₁, …, Rₙ · Sₙ].
    ///
    /// - Parameters:
    ///   - dims: how often along each dimension.
    public func tile(_ dims: [Int]) -> Tensor {
        self.repeat([Int](repeating: 1, count: Swift.max(0, rank - dims.count)) + dims)
    }

    /// The tensor put side by side along each dimension, where missing numbers in front are 1 (`torch.tile`): [S₁, …,
    /// Sₙ] → [R₁ · S₁, …, Rₙ · Sₙ].
    ///
    /// - Parameters:
    ///   - dims: how often along each dimension.
    public func tile(_ dims: Int...) -> Tensor { tile(dims) }

    /// Each element `repeats` times in a row along `dim`, or in the flattened tensor (`torch.repeat_interleave`).
    ///
    /// [.., S, ..] → [.., repeats · S, ..]; a negative number is an error.
    ///
    /// - Parameters:
    ///   - repeats: how often.
    ///   - dim: the dimension; `nil` by default, which flattens first.
    public func repeatInterleave(_ repeats: Int, dim: Int? = nil) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard repeats >= 0 else {
                throw TensorError("repeat_interleave", "the number of repeats is \(repeats). It must not be negative.")
            }
            guard let dim else { return reshape(count).repeatInterleave(repeats, dim: 0) }
            guard rank > 0 else {
                throw TensorError("repeat_interleave", "a scalar has no dimension \(dim). Leave dim out.")
            }
            let dimension = try shape.resolve(dimension: dim, operation: "repeat_interleave")
            var sizes = shape.dimensions
            sizes.insert(repeats, at: dimension + 1)
            let stretched = unsqueeze(dim: dimension + 1).expand(Shape(sizes))
            sizes.remove(at: dimension + 1)
            sizes[dimension] *= repeats
            return stretched.reshape(Shape(sizes)).withGradientName("ViewBackward0")
        }
    }

    /// Each slice along `dim` as many times in a row as `repeats` says for it, or each element of the flattened tensor
    /// (`torch.repeat_interleave`).
    ///
    /// [.., S, ..] and S numbers → [.., Σ repeats, ..].
    ///
    /// - Parameters:
    ///   - repeats: how often each slice.
    ///   - dim: the dimension; `nil` by default, which flattens first.
    public func repeatInterleave(_ repeats: [Int], dim: Int? = nil) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard let dim else { return reshape(count).repeatInterleave(repeats, dim: 0) }
            guard rank > 0 else {
                throw TensorError("repeat_interleave", "a scalar has no dimension \(dim). Leave dim out.")
            }
            let dimension = try shape.resolve(dimension: dim, operation: "repeat_interleave")
            let size = shape[dimension]
            guard repeats.count == size || repeats.count == 1, repeats.allSatisfy({ $0 >= 0 }) else {
                throw TensorError(
                    "repeat_interleave",
                    "the repeats \(repeats) must be \(size) numbers that are not negative, one for each slice along "
                        + "dimension \(dim) of \(shape.brackets), or one for all.")
            }
            let positions = (0..<size).flatMap { position in
                [Int](repeating: position, count: repeats[repeats.count == 1 ? 0 : position])
            }
            return indexSelect(dim: dimension, Tensor(positions))
        }
    }
}
