/// The attributes of a pooling: one entry per spatial dimension, outermost first.
public struct PoolingGeometry: Sendable, Hashable {
    public var kernelSize: [Int]
    public var stride: [Int]
    public var padding: [Int]
    public var dilation: [Int]
    public var ceilMode: Bool

    public init(kernelSize: [Int], stride: [Int], padding: [Int], dilation: [Int], ceilMode: Bool) {
        self.kernelSize = kernelSize
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.ceilMode = ceilMode
    }

    public var spatialRank: Int { kernelSize.count }

    /// ⌊(W + 2p − d · (F − 1) − 1) / S⌋ + 1, or with the ceiling; then the last window must start within the input or
    /// the padding before it.
    public func outputSize(_ input: Int, _ dimension: Int) -> Int {
        let stride = stride[dimension]
        let span = input + 2 * padding[dimension] - dilation[dimension] * (kernelSize[dimension] - 1) - 1
        guard span >= 0 || ceilMode else { return 0 }
        let rounded = span + (ceilMode ? stride - 1 : 0)
        guard rounded >= 0 else { return 0 }
        var size = rounded / stride + 1
        if ceilMode, (size - 1) * stride >= input + padding[dimension] { size -= 1 }
        return size
    }

    /// The shape rule shared by all poolings: [N, C, …] → [N, C, output sizes].
    func outputShape(_ input: TensorSpec, operation: String) throws(TensorError) -> Shape {
        let rank = spatialRank
        guard input.shape.rank == rank + 2 else {
            throw TensorError(
                operation,
                "the input \(input.shape.brackets) must have \(rank + 2) dimensions: [N, C, …], or "
                    + "\(rank + 1) without a batch.")
        }
        guard input.dtype.isFloatingPoint else {
            throw TensorError(operation, "the input is \(input.dtype). Cast it to .float32.")
        }
        for (what, values, least) in [
            ("kernel size", kernelSize, 1), ("stride", stride, 1), ("dilation", dilation, 1), ("padding", padding, 0),
        ] where values.contains(where: { $0 < least }) {
            throw TensorError(operation, "the \(what) \(values) must be at least \(least).")
        }
        var sizes = Array(input.shape.dimensions.prefix(2))
        for dimension in 0..<rank {
            let reach = dilation[dimension] * (kernelSize[dimension] - 1) + 1
            guard padding[dimension] * 2 <= reach else {
                throw TensorError(
                    operation, "the padding \(padding[dimension]) is more than half of the kernel's reach \(reach).")
            }
            let size = outputSize(input.shape.dimensions[dimension + 2], dimension)
            guard size >= 1, input.shape.dimensions[1] > 0, input.shape.dimensions[dimension + 2] > 0 else {
                throw TensorError(
                    operation,
                    "the window \(kernelSize) with dilation \(dilation) does not fit the input "
                        + "\(input.shape.brackets) with padding \(padding): [(\(input.shape.dimensions[dimension + 2])"
                        + " + 2·\(padding[dimension]) − \(reach)) / \(stride[dimension])] + 1 is less than 1.")
            }
            sizes.append(size)
        }
        return Shape(sizes)
    }
}

/// The largest element of each window, and where it was.
///
/// Shape rule: [N, C, …] → twice [N, C, ⌊(W + 2p − d · (F − 1) − 1) / S⌋ + 1 …]: values, and as `int64` the flat
/// position within the plane of that sample and channel, without padding. The first of equal elements wins, NaN before
/// all.
public struct MaxPool: Primitive {
    public static let name = "max_pool"
    public let geometry: PoolingGeometry

    public init(_ geometry: PoolingGeometry) { self.geometry = geometry }

    public var gradientName: String { "MaxPool\(geometry.spatialRank)DWithIndicesBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let shape = try geometry.outputShape(inputs[0], operation: "max_pool\(geometry.spatialRank)d")
        return [TensorSpec(shape, inputs[0].dtype, inputs[0].device), TensorSpec(shape, .int64, inputs[0].device)]
    }

    public var gradientReads: GradientReads { .outputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let primitive = MaxPoolGradient(geometry, inputShape: context.inputSpec(0).shape)
        return [.record(primitive, context.cotangent(), context.output(1))]
    }
}

/// Adds each element of dy to the position of its window's largest element (inputs: dy and the positions).
///
/// Shape rule: `inputShape`.
public struct MaxPoolGradient: Primitive {
    public static let name = "max_pool gradient"
    public let geometry: PoolingGeometry
    public let inputShape: Shape

    public init(_ geometry: PoolingGeometry, inputShape: Shape) {
        self.geometry = geometry
        self.inputShape = inputShape
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(inputShape, inputs[0].dtype, inputs[0].device)]
    }

    public var gradientReads: GradientReads { .inputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [.record(PlaneGather(), context.cotangent(), context.input(1)), nil]
    }
}

/// The elements of each plane [n, c] at flat positions within it (inputs: x [N, C, …] and positions [N, C, …]).
///
/// Shape rule: that of the positions.
public struct PlaneGather: Primitive {
    public static let name = "plane gather"

    public init() {}

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(inputs[1].shape, inputs[0].dtype, inputs[0].device)]
    }
}

/// The mean of each window.
///
/// Shape rule: [N, C, …] → [N, C, output sizes]. The divisor is `divisorOverride`, or the window's size cut to the
/// padded input (`countIncludePad`), or the number of elements inside of the input.
public struct AveragePool: Primitive {
    public static let name = "avg_pool"
    public let geometry: PoolingGeometry
    public let countIncludePad: Bool
    public let divisorOverride: Int?

    public init(_ geometry: PoolingGeometry, countIncludePad: Bool, divisorOverride: Int?) {
        self.geometry = geometry
        self.countIncludePad = countIncludePad
        self.divisorOverride = divisorOverride
    }

    public var gradientName: String { "AvgPool\(geometry.spatialRank)DBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        if let divisorOverride, divisorOverride == 0 {
            throw TensorError("avg_pool\(geometry.spatialRank)d", "divisorOverride must not be 0.")
        }
        let shape = try geometry.outputShape(inputs[0], operation: "avg_pool\(geometry.spatialRank)d")
        return [TensorSpec(shape, inputs[0].dtype, inputs[0].device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [.record(AveragePoolGradient(self, inputShape: context.inputSpec(0).shape), context.cotangent())]
    }
}

/// Spreads each element of dy evenly over its window.
///
/// Shape rule: `inputShape`.
public struct AveragePoolGradient: Primitive {
    public static let name = "avg_pool gradient"
    public let pool: AveragePool
    public let inputShape: Shape

    public init(_ pool: AveragePool, inputShape: Shape) {
        self.pool = pool
        self.inputShape = inputShape
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(inputShape, inputs[0].dtype, inputs[0].device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] { [.record(pool, context.cotangent())] }
}

extension Tensor {
    private func pooled(_ geometry: PoolingGeometry, _ pool: (Tensor) -> [Tensor]) -> [Tensor] {
        let isUnbatched = rank == geometry.spatialRank + 1
        let results = pool(isUnbatched ? unsqueeze(dim: 0) : self)
        return isUnbatched
            ? results.map { $0.squeeze(dim: 0).withGradientName($0.gradientFunctionName) } : results
    }

    /// The largest element of each window of [N, C, …] or [C, …], and its flat position in the plane.
    public func maxPool(_ geometry: PoolingGeometry) -> (values: Tensor, indices: Tensor) {
        let results = pooled(geometry) { Tensor.record(MaxPool(geometry), [$0]) }
        return (results[0], results[results.count - 1])
    }

    /// The mean of each window of [N, C, …] or [C, …].
    public func averagePool(
        _ geometry: PoolingGeometry, countIncludePad: Bool = true, divisorOverride: Int? = nil
    ) -> Tensor {
        let pool = AveragePool(geometry, countIncludePad: countIncludePad, divisorOverride: divisorOverride)
        return pooled(geometry) { Tensor.record(pool, [$0]) }[0]
    }
}
