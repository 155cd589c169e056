/// What stands beyond the border of a padded tensor.
public enum PadMode: String, Sendable, Hashable, CaseIterable {
    /// One value.
    case constant
    /// The elements mirrored at the outermost one, which is not repeated: c b | a b c | b a.
    case reflect
    /// The outermost element: a a | a b c | c c.
    case replicate
    /// The elements of the other end: b c | a b c | a b.
    case circular
}

/// More elements before and after each dimension; fewer where a number is negative.
///
/// Shape rule: n → before + n + after. Reflected elements are fewer than n, those from the other end at most n.
public struct Pad: Primitive {
    public static let name = "pad"
    /// One number for each dimension of the input, outermost first.
    public let before: [Int]
    public let after: [Int]
    public let mode: PadMode
    /// The bits of ``value``, so that NaN equals itself.
    private let valueBits: UInt64

    /// The value beyond the border of ``PadMode/constant``.
    public var value: Double { Double(bitPattern: valueBits) }

    public init(before: [Int], after: [Int], mode: PadMode, value: Double = 0) {
        self.before = before
        self.after = after
        self.mode = mode
        valueBits = value.bitPattern
    }

    public var gradientName: String { mode == .constant ? "ConstantPadNdBackward0" : "CopySlices" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let shape = inputs[0].shape
        precondition(before.count == shape.rank && after.count == shape.rank, "one number for each dimension")
        var sizes = shape.dimensions
        for dimension in sizes.indices {
            try checkReach(dimension, shape)
            sizes[dimension] += before[dimension] + after[dimension]
        }
        return [TensorSpec(Shape(sizes), inputs[0].dtype, inputs[0].device)]
    }

    /// The elements of a dimension that negative numbers leave.
    public func keptCount(_ dimension: Int, size: Int) -> Int {
        size + min(before[dimension], 0) + min(after[dimension], 0)
    }

    private func checkReach(_ dimension: Int, _ shape: Shape) throws(TensorError) {
        let size = shape[dimension]
        let (first, last) = (before[dimension], after[dimension])
        guard first != 0 || last != 0 else { return }
        let place = "dimension \(dimension) of \(shape.brackets)"
        let sum = "\(first) + \(size) + \(last)"
        let kept = keptCount(dimension, size: size)
        guard kept >= 0 || mode == .reflect || mode == .replicate else {
            throw TensorError(
                name,
                "the padding (\(first), \(last)) takes more than the \(size) elements of \(place). Crop at most \(size)."
            )
        }
        switch mode {
        case .constant: break
        case .reflect:
            guard max(first, last) < size else {
                throw TensorError(
                    name,
                    "the padding (\(first), \(last)) is too large to reflect \(place): each side must be less than "
                        + "\(size). Use the mode replicate, or a smaller padding.")
            }
            guard first + size + last >= 1 else {
                throw TensorError(name, "nothing is left of \(place): \(sum) is less than 1.")
            }
        case .replicate:
            guard size > 0, first + size + last >= 1 else {
                throw TensorError(name, "nothing is left of \(place) to replicate: \(sum) is less than 1.")
            }
        case .circular:
            guard max(first, last) <= kept else {
                throw TensorError(
                    name,
                    "the padding (\(first), \(last)) wraps around \(place) more than once: each side must be at most "
                        + "\(kept).")
            }
        }
    }

    /// For each position of the result along a dimension of `size` elements, that of its input element; −1 where the
    /// value stands.
    public func sources(_ dimension: Int, size: Int) -> [Int] {
        let (first, last) = (before[dimension], after[dimension])
        let kept = keptCount(dimension, size: size)
        return (-first..<max(size + last, -first)).map { position in
            switch mode {
            case .constant: return (0..<size).contains(position) ? position : -1
            case .reflect: return position < 0 ? -position : position < size ? position : 2 * (size - 1) - position
            case .replicate: return min(max(position, 0), size - 1)
            case .circular:
                let start = max(-first, 0)
                let place = (position - start) % max(kept, 1)
                return start + (place < 0 ? place + kept : place)
            }
        }
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        guard mode == .constant else {
            return [.record(PadGradient(self, inputShape: context.inputSpec(0).shape), context.cotangent())]
        }
        return [
            .record(Pad(before: before.map { -$0 }, after: after.map { -$0 }, mode: .constant), context.cotangent())
        ]
    }
}

/// Adds each element of dy to the input element that it is a copy of.
///
/// Shape rule: `inputShape`. Not for the mode constant, whose gradient is a crop.
public struct PadGradient: Primitive {
    public static let name = "pad gradient"
    public let pad: Pad
    public let inputShape: Shape

    public init(_ pad: Pad, inputShape: Shape) {
        self.pad = pad
        self.inputShape = inputShape
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(inputShape, inputs[0].dtype, inputs[0].device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] { [.record(pad, context.cotangent())] }
}

extension Tensor {
    /// More elements around the last dimensions, or fewer where a number is negative (`torch.nn.functional.pad`).
    ///
    /// [.., H, W] → [.., top + H + bottom, left + W + right].
    ///
    /// - Parameters:
    ///   - padding: [left, right, top, bottom, front, back, …]: pairs, from the last dimension on.
    ///   - mode: what stands there. With ``PadMode/constant`` any number of dimensions can be padded; the others pad
    ///     the last one, two or three dimensions of [C, …] or [N, C, …]. Reflecting needs fewer than the size of the
    ///     dimension on each side, wrapping around at most that; `.constant` by default.
    ///   - value: the value of ``PadMode/constant``; another one than 0 is an error with the other modes; `0` by default.
    public func pad(_ padding: [Int], mode: PadMode = .constant, value: Double = 0) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let name = Pad.name
            guard padding.count % 2 == 0 else {
                throw TensorError(
                    name,
                    "the padding \(padding) has \(padding.count) numbers. Give two for each dimension, from the last "
                        + "one on: [left, right, top, bottom, …].")
            }
            let padded = padding.count / 2
            var gradientName: String?
            if mode == .constant {
                guard padded <= rank else {
                    throw TensorError(
                        name,
                        "the padding \(padding) is for \(padded) dimensions, the tensor \(shape.brackets) has \(rank).")
                }
            } else {
                try checkPlanes(padded, padding, mode)
                guard value == 0 else {
                    throw TensorError(name, "the value \(value) has no meaning with the mode \(mode). Leave it out.")
                }
                gradientName = mode == .reflect ? "Reflection" : mode == .replicate ? "Replication" : nil
                gradientName = gradientName.map { "\($0)Pad\(padded)DBackward0" }
            }
            var (before, after) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
            for pair in 0..<padded {
                before[rank - 1 - pair] = padding[2 * pair]
                after[rank - 1 - pair] = padding[2 * pair + 1]
            }
            let pad = Pad(before: before, after: after, mode: mode, value: value)
            return .record(pad, self, gradientName: gradientName)
        }
    }

    /// The modes that repeat elements pad the last one, two or three dimensions behind the channels.
    private func checkPlanes(_ padded: Int, _ padding: [Int], _ mode: PadMode) throws(TensorError) {
        guard (1...3).contains(padded), rank == padded + 1 || rank == padded + 2 else {
            throw TensorError(
                Pad.name,
                "the padding \(padding) does not fit the tensor \(shape.brackets) of \(rank) dimensions. The mode "
                    + "\(mode) takes 2 numbers for 2 or 3 dimensions, 4 for 3 or 4, and 6 for 4 or 5.")
        }
        // Only a batch can be empty; wrapping around admits empty channels too.
        let isBatched = rank == padded + 2
        guard mode == .circular || !shape.dimensions.dropFirst(isBatched ? 1 : 0).contains(0) else {
            throw TensorError(Pad.name, "the tensor \(shape.brackets) has a dimension without elements to repeat.")
        }
    }
}
