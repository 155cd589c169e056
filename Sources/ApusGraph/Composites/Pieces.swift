extension Tensor {
    /// At most `chunks` pieces of equal size along `dim`, the last one maybe smaller (`torch.chunk`).
    ///
    /// [.., S, ..] → pieces [.., ⌈S / chunks⌉, ..]; there may be fewer of them. `chunks` below 1 is an error.
    ///
    /// - Parameters:
    ///   - chunks: how many pieces at most, at least 1.
    ///   - dim: the dimension; negative ones count from the end; `0` by default.
    public func chunk(_ chunks: Int, dim: Int = 0) -> [Tensor] {
        pieces("chunk", dim) { size throws(TensorError) in
            guard chunks > 0 else {
                throw TensorError("chunk", "the number of chunks is \(chunks). It must be at least 1.")
            }
            // Nothing is cut into so many empty pieces, as in PyTorch.
            if size == 0 { return [Int](repeating: 0, count: chunks) }
            let length = (size - 1) / chunks + 1
            return stride(from: 0, to: size, by: length).map { Swift.min(length, size - $0) }
        }
        .map { $0.withGradientName("SplitBackward0") }
    }

    /// The parts at each position of `dim`, without that dimension (`torch.unbind`).
    ///
    /// [.., S, ..] → S tensors [.., ..].
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end; `0` by default.
    public func unbind(dim: Int = 0) -> [Tensor] {
        guard rank > 0 else {
            return [.refuse(TensorError("unbind", "a scalar has no dimension to take apart."), like: [self])]
        }
        return pieces("unbind", dim) { size in [Int](repeating: 1, count: size) }.map { piece in
            guard piece.rank == rank, piece.shape[dim] == 1 else { return piece }
            return piece.squeeze(dim: dim).withGradientName("UnbindBackward0")
        }
    }

    /// Pieces along `dim`, whose sizes `sizes` gives for the dimension's size.
    private func pieces(
        _ operation: String, _ dim: Int, _ sizes: (Int) throws(TensorError) -> [Int]
    ) -> [Tensor] {
        do throws(TensorError) {
            guard rank > 0 else { throw TensorError(operation, "a scalar has no dimension to split.") }
            let dimension = try shape.resolve(dimension: dim, operation: operation)
            var start = 0
            return try sizes(shape[dimension]).map { length in
                defer { start += length }
                return narrow(dim: dimension, start: start, length: length)
            }
        } catch {
            return [.refuse(error, like: [self])]
        }
    }
}

extension Tensor {
    /// Dimensions moved to other places; the others keep their order (`torch.movedim`): [S₀, S₁, …] → the same sizes in
    /// another order.
    ///
    /// Lists of different lengths, and dimensions that are named twice, are errors.
    ///
    /// - Parameters:
    ///   - source: the dimensions that move.
    ///   - destination: where each of them goes.
    public func movedim(_ source: [Int], _ destination: [Int]) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard source.count == destination.count else {
                throw TensorError(
                    "movedim",
                    "\(source.count) dimensions \(source) cannot move to \(destination.count) places \(destination). "
                        + "Name one place for each.")
            }
            var order = [Int?](repeating: nil, count: rank)
            var isMoved = Set<Int>()
            for (from, to) in zip(source, destination) where rank > 0 {
                let origin = try shape.resolve(dimension: from, operation: "movedim")
                let place = try shape.resolve(dimension: to, operation: "movedim")
                guard order[place] == nil, isMoved.insert(origin).inserted else {
                    throw TensorError("movedim", "a dimension is named twice in \(source) or \(destination).")
                }
                order[place] = origin
            }
            var rest = (0..<rank).filter { !isMoved.contains($0) }[...]
            return permute(order.compactMap { $0 ?? rest.popFirst() })
        }
    }

    /// One dimension moved to another place; the others keep their order (`torch.movedim`): [S₀, S₁, …] → the same
    /// sizes in another order.
    ///
    /// - Parameters:
    ///   - source: the dimension that moves.
    ///   - destination: where it goes.
    public func movedim(_ source: Int, _ destination: Int) -> Tensor { movedim([source], [destination]) }

    /// Swaps two dimensions, ``transpose(_:_:)`` by NumPy's name (`torch.swapaxes`): [.., A, .., B, ..] → [.., B, ..,
    /// A, ..].
    ///
    /// - Parameters:
    ///   - first: one dimension; negative ones count from the end.
    ///   - second: the other.
    public func swapaxes(_ first: Int, _ second: Int) -> Tensor { transpose(first, second) }

    /// Swaps two dimensions, ``transpose(_:_:)`` by another name (`torch.swapdims`): [.., A, .., B, ..] → [.., B, ..,
    /// A, ..].
    ///
    /// - Parameters:
    ///   - first: one dimension; negative ones count from the end.
    ///   - second: the other.
    public func swapdims(_ first: Int, _ second: Int) -> Tensor { transpose(first, second) }
}
