/// What can stand in the brackets of `x[…]`: a position, a range, `.all`, `.newAxis` or `.ellipsis`.
public protocol TensorIndex {
    var tensorIndex: TensorIndexKind { get }
}

public enum TensorIndexKind: Sendable {
    case position(Int)
    /// Bounds may be negative (from the end) or nil (to the end); they are cut to the size, as in Python.
    case range(start: Int?, end: Int?, step: Int)
    case newAxis
    case ellipsis
}

extension Int: TensorIndex {
    public var tensorIndex: TensorIndexKind { .position(self) }
}
extension Range<Int>: TensorIndex {
    public var tensorIndex: TensorIndexKind { .range(start: lowerBound, end: upperBound, step: 1) }
}
extension ClosedRange<Int>: TensorIndex {
    public var tensorIndex: TensorIndexKind { .range(start: lowerBound, end: upperBound + 1, step: 1) }
}
extension PartialRangeFrom<Int>: TensorIndex {
    public var tensorIndex: TensorIndexKind { .range(start: lowerBound, end: nil, step: 1) }
}
extension PartialRangeUpTo<Int>: TensorIndex {
    public var tensorIndex: TensorIndexKind { .range(start: nil, end: upperBound, step: 1) }
}
extension PartialRangeThrough<Int>: TensorIndex {
    public var tensorIndex: TensorIndexKind {
        .range(start: nil, end: upperBound == -1 ? nil : upperBound + 1, step: 1)
    }
}

/// Python's other index forms: `x[.all, .newAxis]`, `x[.ellipsis, 0]`, `x[.every(2)]`.
public struct TensorSelection: TensorIndex, Sendable {
    public let tensorIndex: TensorIndexKind

    public static var all: TensorSelection { .init(tensorIndex: .range(start: nil, end: nil, step: 1)) }
    public static var newAxis: TensorSelection { .init(tensorIndex: .newAxis) }
    public static var ellipsis: TensorSelection { .init(tensorIndex: .ellipsis) }
    /// Python's `start:end:step`.
    public static func every(_ step: Int, from start: Int? = nil, to end: Int? = nil) -> TensorSelection {
        .init(tensorIndex: .range(start: start, end: end, step: step))
    }
}

extension TensorIndex where Self == TensorSelection {
    public static var all: TensorSelection { .all }
    public static var newAxis: TensorSelection { .newAxis }
    public static var ellipsis: TensorSelection { .ellipsis }
    public static func every(_ step: Int, from start: Int? = nil, to end: Int? = nil) -> TensorSelection {
        .every(step, from: start, to: end)
    }
}

/// The box that an index list names, and the shape in which its elements appear.
private struct Selection {
    var slice: Slice
    var shape: Shape
    /// PyTorch applies the indices one after the other; this is the gradient of the last one that changes anything.
    var gradientName = "AliasBackward0"

    init(_ indices: [any TensorIndex], of shape: Shape) throws(TensorError) {
        let kinds = indices.map(\.tensorIndex)
        var consumed = 0
        var ellipses = 0
        for kind in kinds {
            switch kind {
            case .position, .range: consumed += 1
            case .newAxis: break
            case .ellipsis: ellipses += 1
            }
        }
        guard consumed <= shape.rank, ellipses <= 1 else {
            throw TensorError(
                "subscript",
                "\(consumed) indices for the \(shape.rank) dimensions of \(shape.brackets)"
                    + (ellipses > 1 ? ", and more than one ellipsis." : "."))
        }
        var starts: [Int] = []
        var counts: [Int] = []
        var steps: [Int] = []
        var visible: [Int] = []
        func takeWhole() {
            let size = shape[starts.count]
            starts.append(0)
            counts.append(size)
            steps.append(1)
            visible.append(size)
        }
        for kind in kinds {
            let dimension = starts.count
            switch kind {
            case .newAxis:
                visible.append(1)
                gradientName = "UnsqueezeBackward0"
            case .ellipsis: for _ in 0..<(shape.rank - consumed) { takeWhole() }
            case .position(let position):
                let size = shape[dimension]
                guard position >= -size, position < size else {
                    throw TensorError(
                        "subscript",
                        "index \(position) is out of range for dimension \(dimension) of \(shape.brackets).")
                }
                starts.append(position < 0 ? position + size : position)
                counts.append(1)
                steps.append(1)
                gradientName = "SelectBackward0"
            case .range(let first, let last, let step):
                guard step > 0 else { throw TensorError("subscript", "the step \(step) is not positive.") }
                let size = shape[dimension]
                func bound(_ value: Int) -> Int { Swift.min(Swift.max(value < 0 ? value + size : value, 0), size) }
                let start = bound(first ?? 0)
                let end = last.map(bound) ?? size
                let count = Swift.max(0, (end - start + step - 1) / step)
                starts.append(count == 0 ? 0 : start)
                counts.append(count)
                steps.append(step)
                visible.append(count)
                if count != size || step != 1 { gradientName = "SliceBackward0" }
            }
        }
        while starts.count < shape.rank { takeWhole() }
        slice = Slice(starts: starts, counts: counts, steps: steps)
        self.shape = Shape(visible)
    }
}

extension Tensor {
    /// A part of the tensor, as Python writes it: `x[0]`, `x[1..<3, 2]`, `x[0..., 2..<6]`, `x[.ellipsis, -1]`
    /// (`torch.Tensor.__getitem__`, `__setitem__`).
    ///
    /// [S, ..] → [..] for a position, [K, ..] for a range of K, [1, S, ..] for `.newAxis`.
    ///
    /// Assigning replaces the part in a new tensor to which the variable is bound; the value broadcasts to the part.
    /// Both have gradients.
    public subscript(_ indices: any TensorIndex...) -> Tensor {
        get {
            .checked(like: [self]) { () throws(TensorError) in
                let selection = try Selection(indices, of: shape)
                let part = Tensor.record(selection.slice, self)
                let result =
                    part.shape == selection.shape ? part : Tensor.record(Reshape(selection.shape), part)
                return result.withGradientName(selection.gradientName)
            }
        }
        set {
            let old = self
            self = .checked(like: [self]) { () throws(TensorError) in
                let selection = try Selection(indices, of: old.shape)
                guard Shape.broadcast(newValue.shape, selection.shape) == selection.shape else {
                    throw TensorError(
                        "slice assignment",
                        "a value of shape \(newValue.shape.brackets) does not stretch to the part "
                            + "\(selection.shape.brackets).")
                }
                let value = newValue.handle.literal == nil ? newValue : Tensor.promote([old, newValue])[1]
                let box = value.cast(to: old.dtype).expand(selection.shape).reshape(Shape(selection.slice.counts))
                return .record(SliceAssign(selection.slice), old, box)
            }
        }
    }

    /// Some elements along a dimension (`torch.narrow`): [.., S, ..] → [.., length, ..].
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - start: the position of the first.
    ///   - length: how many.
    public func narrow(dim: Int, start: Int, length: Int) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard rank > 0 else { throw TensorError("narrow", "a scalar has no dimension to take a part of.") }
            let dimension = try shape.resolve(dimension: dim, operation: "narrow")
            let size = shape[dimension]
            let first = start < 0 ? start + size : start
            guard first >= 0, length >= 0, first + length <= size else {
                throw TensorError(
                    "narrow",
                    "start \(start) and length \(length) go beyond size \(size) of dimension \(dim) of "
                        + "\(shape.brackets).")
            }
            var starts = [Int](repeating: 0, count: rank)
            var counts = shape.dimensions
            starts[dimension] = first
            counts[dimension] = length
            let slice = Slice(starts: starts, counts: counts, steps: [Int](repeating: 1, count: rank))
            return .record(slice, self, gradientName: "SliceBackward0")
        }
    }

    /// The part at one position of a dimension, without it (`torch.select`): [.., S, ..] → [.., ..].
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - index: the position; negative ones count from the end.
    public func select(dim: Int, index: Int) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let dimension = try shape.resolve(dimension: dim, operation: "select")
            let size = rank > 0 ? shape[dimension] : 0
            guard index >= -size, index < size else {
                throw TensorError(
                    "select", "index \(index) is out of range for dimension \(dim) of \(shape.brackets).")
            }
            let part = narrow(dim: dimension, start: index < 0 ? index + size : index, length: 1)
            var sizes = shape.dimensions
            sizes.remove(at: dimension)
            return .record(Reshape(Shape(sizes)), part, gradientName: "SelectBackward0")
        }
    }

    /// Pieces along a dimension, the last one maybe smaller (`torch.split`): [.., S, ..] → ⌈S / size⌉ times [.., size,
    /// ..].
    ///
    /// - Parameters:
    ///   - size: the elements of a piece, at least 1.
    ///   - dim: the dimension; negative ones count from the end; `0` by default.
    public func split(_ size: Int, dim: Int = 0) -> [Tensor] {
        guard size > 0 else {
            return [.refuse(TensorError("split", "the size \(size) is not positive."), like: [self])]
        }
        guard let total = splitSize(dim) else { return [.poisoned(like: [self])] }
        let sizes = total == 0 ? [0] : stride(from: 0, to: total, by: size).map { Swift.min(size, total - $0) }
        return split(sizes, dim: dim).map { $0.withGradientName("SplitBackward0") }
    }

    /// Pieces of given sizes along a dimension (`torch.split`): [.., S, ..] → [.., size, ..] for each.
    ///
    /// - Parameters:
    ///   - sizes: the elements of each piece, S together.
    ///   - dim: the dimension; negative ones count from the end; `0` by default.
    public func split(_ sizes: [Int], dim: Int = 0) -> [Tensor] {
        guard let total = splitSize(dim) else { return [.poisoned(like: [self])] }
        guard sizes.reduce(0, +) == total, sizes.allSatisfy({ $0 >= 0 }) else {
            let message = "the sizes \(sizes) do not add up to \(total), the size of dimension \(dim)."
            return [.refuse(TensorError("split", message), like: [self])]
        }
        var start = 0
        return sizes.map { size in
            defer { start += size }
            return narrow(dim: dim, start: start, length: size).withGradientName("SplitWithSizesBackward0")
        }
    }

    /// The size of the dimension to split; raises an error and returns nil where there is none.
    private func splitSize(_ dim: Int) -> Int? {
        do throws(TensorError) {
            guard rank > 0 else { throw TensorError("split", "a scalar has no dimension to split.") }
            return shape[try shape.resolve(dimension: dim, operation: "split")]
        } catch {
            TensorError.raise(error)
            return nil
        }
    }
}
