/// The same elements in row-major order under another shape.
///
/// Shape rule: the number of elements is kept.
public struct Reshape: Primitive {
    public static let name = "reshape"
    public let shape: Shape

    public init(_ shape: Shape) { self.shape = shape }

    public var gradientName: String { "ViewBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard shape.elementCount == inputs[0].shape.elementCount, !shape.contains(where: { $0 < 0 }) else {
            throw TensorError(
                name,
                "the shape \(shape.brackets) has \(shape.elementCount) elements, the tensor \(inputs[0].shape.brackets) "
                    + "has \(inputs[0].shape.elementCount). They must be equal.")
        }
        return [TensorSpec(shape, inputs[0].dtype, inputs[0].device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [context.cotangent().reshape(context.inputSpec(0).shape)]
    }
}

extension Tensor {
    /// The same elements in row-major order under another shape (`torch.reshape`): [*] → `shape`.
    ///
    /// - Parameters:
    ///   - shape: the new sizes, one of which may be −1, which is inferred.
    public func reshape(_ shape: Shape) -> Tensor { reshape(shape, gradientName: nil) }
    /// The same elements in row-major order under other sizes (`torch.reshape`): [*] → [sizes].
    ///
    /// - Parameters:
    ///   - sizes: the new sizes, one of which may be −1, which is inferred.
    public func reshape(_ sizes: Int...) -> Tensor { reshape(Shape(sizes), gradientName: nil) }
    /// The same elements under other sizes (`torch.Tensor.view`): [*] → [sizes], as `reshape` does it; nothing is
    /// shared, since tensors are values.
    ///
    /// - Parameters:
    ///   - sizes: the new sizes, one of which may be −1, which is inferred.
    public func view(_ sizes: Int...) -> Tensor { reshape(Shape(sizes), gradientName: nil) }

    private func reshape(_ requested: Shape, gradientName: String?) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            if !requested.contains(-1) {
                return requested == shape ? self : .record(Reshape(requested), self, gradientName: gradientName)
            }
            let sizes = requested.dimensions
            let unknown = sizes.indices.filter { sizes[$0] == -1 }
            guard unknown.count <= 1 else {
                throw TensorError("reshape", "only one size can be inferred, but \(requested.brackets) has several -1.")
            }
            let position = unknown[0]
            let known = sizes.enumerated().filter { $0.offset != position }.map(\.element).reduce(1, *)
            guard known > 0, count % known == 0 else {
                throw TensorError(
                    "reshape",
                    "the shape \(requested.brackets) does not fit \(count) elements of \(shape.brackets): "
                        + "\(count) is not a multiple of \(known).")
            }
            var resolved = requested
            resolved[position] = count / known
            if resolved == shape { return self }
            return .record(Reshape(resolved), self, gradientName: gradientName)
        }
    }

    /// Joins the dimensions `from` … `to` into one (`torch.flatten`): [.., A, …, B, ..] → [.., A · … · B, ..].
    ///
    /// - Parameters:
    ///   - start: the first of them; negative ones count from the end; `0` by default.
    ///   - end: the last of them, included; `-1` by default.
    public func flatten(from start: Int = 0, to end: Int = -1) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let first = try shape.resolve(dimension: start, operation: "flatten")
            let last = try shape.resolve(dimension: end, operation: "flatten")
            guard first <= last else {
                throw TensorError(
                    "flatten", "the first dimension \(start) comes after the last one, \(end), in \(shape.brackets).")
            }
            guard rank > 0 else { return reshape([1], gradientName: nil) }
            var sizes: Shape = []
            for dimension in 0..<first { sizes.append(shape[dimension]) }
            sizes.append((first...last).reduce(1) { $0 * shape[$1] })
            for dimension in last + 1..<rank { sizes.append(shape[dimension]) }
            return reshape(sizes, gradientName: nil)
        }
    }

    /// Splits one dimension into several (`torch.unflatten`): [.., S, ..] → [.., sizes, ..].
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    ///   - sizes: sizes whose product is S, one of which may be −1.
    public func unflatten(dim: Int, sizes: [Int]) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let dimension = try shape.resolve(dimension: dim, operation: "unflatten")
            guard rank > 0 else { throw TensorError("unflatten", "a scalar has no dimension to split.") }
            var sizes = sizes
            let size = shape[dimension]
            // Products that overflow are no product of a dimension.
            let known = Shape(sizes.filter { $0 != -1 }).elementCount
            let unknown = sizes.indices.filter { sizes[$0] == -1 }
            guard unknown.count <= 1 else {
                throw TensorError("unflatten", "only one size can be inferred, but \(sizes) has several -1.")
            }
            if let position = unknown.first, known > 0 { sizes[position] = size / known }
            guard !sizes.isEmpty, Shape(sizes).elementCount == size else {
                throw TensorError(
                    "unflatten",
                    "the sizes \(sizes) do not multiply to \(size), the size of dimension \(dim) of "
                        + "\(shape.brackets).")
            }
            let all = shape.dimensions
            return reshape(Shape(Array(all[..<dimension]) + sizes + Array(all[(dimension + 1)...])), gradientName: nil)
        }
    }

    /// Removes a dimension of size 1; one of another size stays (`torch.squeeze`): [.., 1, ..] → [.., ..].
    ///
    /// - Parameters:
    ///   - dim: the dimension; negative ones count from the end.
    public func squeeze(dim: Int) -> Tensor { squeeze([dim], gradientName: "SqueezeBackward1") }

    /// Removes dimensions of size 1; others stay (`torch.squeeze`): [.., 1, ..] → [.., ..].
    ///
    /// - Parameters:
    ///   - dim: dimensions; negative ones count from the end.
    public func squeeze(dim: [Int]) -> Tensor { squeeze(dim, gradientName: "SqueezeBackward2") }

    private func squeeze(_ dim: [Int], gradientName: String) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            let removed = try shape.resolve(dimensions: dim.isEmpty ? nil : dim, operation: "squeeze")
            let sizes = shape.dimensions.enumerated()
                .filter { !(removed.contains($0.offset) && $0.element == 1) }.map(\.element)
            return reshape(Shape(sizes), gradientName: gradientName)
        }
    }

    /// Removes all dimensions of size 1 (`torch.squeeze`): [.., 1, ..] → [.., ..].
    public func squeeze() -> Tensor { reshape(Shape(shape.filter { $0 != 1 }), gradientName: "SqueezeBackward0") }

    /// Inserts a dimension of size 1 (`torch.unsqueeze`): [.., ..] → [.., 1, ..].
    ///
    /// - Parameters:
    ///   - dim: its position in the result; negative ones count from the end.
    public func unsqueeze(dim: Int) -> Tensor {
        let position = dim < 0 ? dim + rank + 1 : dim
        guard (0...rank).contains(position) else {
            return .refuse(
                TensorError(
                    "unsqueeze",
                    "dimension \(dim) is out of range for a tensor of \(rank) dimensions. "
                        + "Expected \(-rank - 1) to \(rank)."), like: [self])
        }
        var sizes = shape.dimensions
        sizes.insert(1, at: position)
        return .record(Reshape(Shape(sizes)), self, gradientName: "UnsqueezeBackward0")
    }
}
