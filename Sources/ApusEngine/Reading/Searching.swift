import ApusGraph

/// Functions whose result has a shape that depends on elements: they compute the tensor when they are called.
extension Tensor {
    /// Elements as integers; a tensor that cannot be computed is reported, and has none.
    private func integersNow() -> [Int64]? {
        do {
            return try elements(as: Int64.self)
        } catch {
            TensorError.raise(error as? TensorError ?? TensorError("read", "\(error)"))
            return nil
        }
    }

    /// The positions of the elements that are not 0, one row for each (`torch.nonzero`); computes the tensor.
    ///
    /// [S₁, …, Sₙ] → [K, n] of `int64`, in row-major order.
    public func nonzero() -> Tensor {
        guard let places = nonzeroPlaces() else { return .poisoned(like: [self]) }
        var positions: [Int] = []
        positions.reserveCapacity(places.count * rank)
        for place in places {
            var rest = place
            var position = shape.dimensions
            for dimension in position.indices.reversed() {
                let size = position[dimension]
                position[dimension] = rest % size
                rest /= size
            }
            positions += position
        }
        return Tensor(positions, shape: [places.count, rank])
    }

    /// The flat positions of the elements that are not 0.
    private func nonzeroPlaces() -> [Int]? {
        guard let truths = (dtype == .bool ? self : self .!= 0).integersNow() else { return nil }
        return truths.indices.filter { truths[$0] != 0 }
    }

    /// The elements where `mask` is true, in row-major order (`torch.masked_select`); computes the mask.
    ///
    /// The tensor and the mask (`bool`) broadcast → [K]. The gradient goes to the elements that were selected.
    public func maskedSelect(_ mask: Tensor) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard mask.dtype == .bool else {
                throw TensorError("masked_select", "the mask is \(mask.dtype). It must be bool: compare, or cast it.")
            }
            guard let common = Shape.broadcast(shape, mask.shape) else {
                throw TensorError(
                    "masked_select",
                    "the tensor \(shape.brackets) and the mask \(mask.shape.brackets) do not broadcast: aligned at "
                        + "the end, sizes must be equal or 1.")
            }
            guard let places = mask.expand(common).nonzeroPlaces() else { return .poisoned(like: [self]) }
            return expand(common).reshape(common.elementCount).indexSelect(dim: 0, Tensor(places))
                .withGradientName("MaskedSelectBackward0")
        }
    }

    /// 1 at each class and 0 elsewhere, with as many classes as the largest one asks for; computes the tensor.
    ///
    /// [..] of `int64` → [.., largest + 1] of `int64` (`torch.nn.functional.one_hot` without `num_classes`). No
    /// elements, and negative classes, are errors.
    public func oneHot() -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard dtype == .int64 else {
                throw TensorError("one_hot", "the classes are \(dtype). They must be int64: use .cast(to: .int64).")
            }
            guard let classes = integersNow() else { return .poisoned(like: [self]) }
            guard let largest = classes.max() else {
                throw TensorError(
                    "one_hot", "the shape \(shape.brackets) holds no classes to count. Give numClasses:.")
            }
            guard largest < Int64.max else { throw TensorError("one_hot", "the class \(largest) is too large.") }
            if let negative = classes.first(where: { $0 < 0 }) {
                throw TensorError("one_hot", "the class \(negative) is negative. Classes count from 0.")
            }
            return oneHot(numClasses: Int(largest) + 1)
        }
    }

    /// How often each number occurs, or the sum of its weights (`torch.bincount`); computes the tensor.
    ///
    /// [S] of integers, not negative → [max(largest + 1, minLength)], of `int64`, or of the weights' type.
    public func bincount(weights: Tensor? = nil, minLength: Int = 0) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard rank == 1, dtype.isInteger else {
                throw TensorError(
                    "bincount",
                    "the tensor is \(dtype) of shape \(shape.brackets). Expected a vector of integers.")
            }
            if let weights, weights.shape != shape {
                throw TensorError(
                    "bincount",
                    "the weights \(weights.shape.brackets) and the numbers \(shape.brackets) must have one shape.")
            }
            guard let numbers = integersNow() else { return .poisoned(like: [self]) }
            guard numbers.allSatisfy({ $0 >= 0 }), minLength >= 0 else {
                throw TensorError("bincount", "numbers and minLength must not be negative.")
            }
            let largest = numbers.max() ?? -1
            guard largest < Int64.max else { throw TensorError("bincount", "the number \(largest) is too large.") }
            let size = Swift.max(Int(largest) + 1, minLength)
            // PyTorch counts nothing in integers, weights or not.
            let terms = numbers.isEmpty ? .ones(shape, dtype: .int64) : weights ?? .ones(shape, dtype: .int64)
            return Tensor.zeros([size], dtype: terms.dtype).indexAdd(dim: 0, cast(to: .int64), terms)
                .withGradientName(weights == nil ? nil : "BincountBackward0")
        }
    }

    /// The different elements in ascending order, where each element is among them, and how often each occurs
    /// (`torch.unique` with `return_inverse` and `return_counts`); computes the tensor.
    ///
    /// Any shape → values [K], positions of the tensor's shape, and counts [K], the last two of `int64`. Values have no
    /// gradient.
    public func unique() -> (values: Tensor, inverse: Tensor, counts: Tensor) {
        let order = detach().reshape(count).argsort()
        let sorted = detach().reshape(count).indexSelect(dim: 0, order)
        guard count > 0 else { return (sorted, .zeros(shape, dtype: .int64), .zeros([0], dtype: .int64)) }
        let isNew = Tensor.cat([
            .ones([1], dtype: .bool),
            sorted.narrow(dim: 0, start: 1, length: count - 1) .!= sorted.narrow(dim: 0, start: 0, length: count - 1),
        ])
        guard let places = isNew.nonzeroPlaces() else {
            let poisoned = Tensor.poisoned(like: [self])
            return (poisoned, poisoned, poisoned)
        }
        let rank = isNew.cast(to: .int64).cumsum(dim: 0) - 1
        let inverse = Tensor.zeros([count], dtype: .int64).scatter(dim: 0, order, rank).reshape(shape)
        let ends = places.dropFirst() + [count]
        let counts = zip(places, ends).map { $1 - $0 }
        return (sorted.indexSelect(dim: 0, Tensor(places)), inverse, Tensor(counts))
    }

    /// Each slice along `dim` as many times in a row as `repeats` says for it (`torch.repeat_interleave` with a tensor
    /// of repeats); computes `repeats`.
    ///
    /// [.., S, ..] and `repeats` [S], [1] or a scalar of integers → [.., Σ repeats, ..].
    public func repeatInterleave(_ repeats: Tensor, dim: Int? = nil) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard repeats.rank <= 1, repeats.dtype.isInteger else {
                throw TensorError(
                    "repeat_interleave",
                    "the repeats are \(repeats.dtype) of shape \(repeats.shape.brackets). Expected a vector of "
                        + "integers.")
            }
            guard let counts = repeats.integersNow() else { return .poisoned(like: [self]) }
            return repeatInterleave(counts.map { Int($0) }, dim: dim)
        }
    }

    /// Whether shapes and all elements are equal (`torch.equal`); computes both. NaN equals nothing.
    public func equal(_ other: Tensor) -> Bool {
        shape == other.shape && (self .== other).all().item(as: Bool.self)
    }

    /// Whether all elements agree: |a − b| ≤ absolute + relative · |b| (`torch.allclose`); computes both.
    public func allClose(
        _ other: Tensor, relative: Double = 1e-5, absolute: Double = 1e-8, equalNaN: Bool = false
    ) -> Bool {
        isClose(other, relative: relative, absolute: absolute, equalNaN: equalNaN).all().item(as: Bool.self)
    }
}
