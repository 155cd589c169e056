/// The elements of each plane [n, c] at flat positions within it (inputs: x [N, C, …] and positions [N, C, …]).
///
/// Shape rule: that of the positions. −1 is no position, and gives 0.
public struct PlaneGather: Primitive {
    public static let name = "plane gather"

    public init() {}

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(inputs[1].shape, inputs[0].dtype, inputs[0].device)]
    }

    public var gradientReads: GradientReads { .inputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let primitive = PlaneScatterAdd(context.inputSpec(0).shape)
        return [.record(primitive, context.cotangent(), context.input(1)), nil]
    }
}

/// Adds each element to a plane of zeros at its flat position within it (inputs: x [N, C, …] and positions of the same
/// shape).
///
/// Shape rule: `shape`, with the same N and C. −1 is no position: its element is left out.
public struct PlaneScatterAdd: Primitive {
    public static let name = "plane scatter"
    public let shape: Shape

    public init(_ shape: Shape) { self.shape = shape }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(shape, inputs[0].dtype, inputs[0].device)]
    }

    public var gradientReads: GradientReads { .inputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [.record(PlaneGather(), context.cotangent(), context.input(1)), nil]
    }
}

/// Puts each element where max-pooling found it, in planes of zeros (inputs: x and the indices).
///
/// Shape rule: [N, C, …] twice → [N, C, `outputSize`]. Of several elements with one index the last stays, and all of
/// them take its gradient, as in PyTorch.
public struct MaxUnpool: Primitive {
    public static let name = "max_unpool"
    public let outputSize: [Int]

    public init(_ outputSize: [Int]) { self.outputSize = outputSize }

    public var name: String { "max_unpool\(outputSize.count)d" }
    public var gradientName: String {
        outputSize.count == 1 ? "SqueezeBackward1" : "MaxUnpool\(outputSize.count)DBackward0"
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let input = inputs[0]
        try PoolingGeometry.checkInput(input, spatialRank: outputSize.count, operation: name)
        guard inputs[1].dtype == .int64 else {
            throw TensorError(name, "the indices are \(inputs[1].dtype). Expected int64, as max-pooling gives them.")
        }
        guard inputs[1].shape == input.shape else {
            throw TensorError(
                name,
                "the indices \(inputs[1].shape.brackets) must have the shape of the input \(input.shape.brackets): one "
                    + "for each element.")
        }
        guard !input.shape.dimensions.dropFirst().contains(0) else {
            throw TensorError(name, "the input \(input.shape.brackets) is empty. Only the batch may be.")
        }
        guard outputSize.allSatisfy({ $0 >= 1 }) else {
            throw TensorError(name, "the output size \(outputSize) must be at least 1.")
        }
        return [
            TensorSpec(Shape(Array(input.shape.dimensions.prefix(2)) + outputSize), input.dtype, input.device)
        ]
    }

    public var gradientReads: GradientReads { .inputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [.record(PlaneGather(), context.cotangent(), context.input(1)), nil]
    }
}

extension Tensor {
    /// Puts elements where max-pooling found them, in planes of zeros (`torch.nn.functional.max_unpool2d` and its kin):
    /// [N, C, …] or [C, …] → [N, C, outputSize].
    ///
    /// An index that lies outside is an error when the result is computed.
    ///
    /// - Parameters:
    ///   - indices: those of the pooling: of the same shape, flat positions within the output's planes.
    ///   - outputSize: one size for each spatial dimension.
    public func maxUnpool(_ indices: Tensor, outputSize: [Int]) -> Tensor {
        let spatialRank = outputSize.count
        return .checked(like: [self]) { () throws(TensorError) in
            let name = "max_unpool\(spatialRank)d"
            return try pooled(spatialRank, name) { batch throws(TensorError) in
                guard indices.rank == rank else {
                    throw TensorError(
                        name,
                        "the indices \(indices.shape.brackets) must have the input's shape \(shape.brackets).")
                }
                return [.record(MaxUnpool(outputSize), batch, rank < batch.rank ? indices.unsqueeze(dim: 0) : indices)]
            }[0]
        }
    }
}

extension TensorError {
    /// Says that a position points outside of the planes of `planes`.
    public static func positionOutOfRange(_ operation: String, _ position: Int64, planes: Shape) -> TensorError {
        let count = planes.dimensions.dropFirst(2).reduce(1, *)
        return TensorError(
            operation,
            "the position \(position) is out of range for planes of \(count) elements (\(planes.brackets)). Expected "
                + "0 to \(count - 1).")
    }
}
