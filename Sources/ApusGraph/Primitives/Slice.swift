/// A box of elements: along each dimension `counts` elements from `starts`, every `steps`-th one.
///
/// Shape rule: the counts. Steps are positive.
public struct Slice: Primitive {
    public static let name = "slice"
    public let starts: [Int]
    public let counts: [Int]
    public let steps: [Int]

    public init(starts: [Int], counts: [Int], steps: [Int]) {
        self.starts = starts
        self.counts = counts
        self.steps = steps
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        try checkBounds(inputs[0].shape)
        return [TensorSpec(Shape(counts), inputs[0].dtype, inputs[0].device)]
    }

    func checkBounds(_ shape: Shape) throws(TensorError) {
        for (dimension, size) in shape.enumerated() {
            let last = starts[dimension] + (counts[dimension] - 1) * steps[dimension]
            guard counts[dimension] == 0 || (starts[dimension] >= 0 && last < size) else {
                throw TensorError(
                    name,
                    "elements \(starts[dimension]) to \(last) are asked for along dimension \(dimension) of "
                        + "\(shape.brackets), which has \(size).")
            }
        }
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let spec = context.inputSpec(0)
        return [.record(SliceAssign(self), .zeros(like: spec), context.cotangent())]
    }
}

/// A tensor with a box of its elements replaced (inputs: the tensor and the box's new elements).
///
/// Shape rule: that of the first input; the second has the box's shape. Computed in place where nobody else holds the
/// first input.
public struct SliceAssign: Primitive {
    public static let name = "slice assignment"
    public let slice: Slice

    public init(_ slice: Slice) { self.slice = slice }

    public var gradientName: String { "CopySlices" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        try slice.checkBounds(inputs[0].shape)
        guard inputs[1].shape == Shape(slice.counts) else {
            throw TensorError(
                name, "values of shape \(inputs[1].shape.brackets) do not fit the box \(Shape(slice.counts).brackets).")
        }
        return [inputs[0]]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        let zeros = Tensor.full(Shape(slice.counts), 0, dtype: dy.dtype, device: dy.device)
        return [
            context.needs(0) ? .record(self, dy, zeros) : nil,
            context.needs(1) ? .record(slice, dy) : nil,
        ]
    }
}
