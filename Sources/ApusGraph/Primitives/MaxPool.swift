/// The largest element of each window, and where it was.
///
/// Shape rule: [N, C, …] → twice [N, C, ⌊(W + 2p − d · (F − 1) − 1) / S⌋ + 1 …]: values, and as `int64` the flat
/// position within the plane of that sample and channel, without padding. The first of equal elements wins, the last
/// NaN before all. A dilated window that meets nothing but padding has the value −∞ and the position −1, and takes no
/// gradient (PyTorch's position there lies outside of the window, or of the plane).
public struct MaxPool: Primitive {
    public static let name = "max_pool"
    public let geometry: PoolingGeometry

    public init(_ geometry: PoolingGeometry) { self.geometry = geometry }

    /// PyTorch pools one dimension as two, of which one is squeezed away.
    public var gradientName: String {
        geometry.spatialRank == 1 ? "SqueezeBackward1" : "MaxPool\(geometry.spatialRank)DWithIndicesBackward0"
    }

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

extension Tensor {
    /// The largest element of each window, and its flat position in the plane (`torch.nn.functional.max_pool2d` and its
    /// kin): [N, C, …] or [C, …] → twice [N, C, …] with the sizes that `geometry` says.
    ///
    /// - Parameters:
    ///   - geometry: kernel size, stride, padding and dilation.
    public func maxPool(_ geometry: PoolingGeometry) -> (values: Tensor, indices: Tensor) {
        checkedPair { () throws(TensorError) in
            try pooled(geometry.spatialRank, "max_pool\(geometry.spatialRank)d") { batch throws(TensorError) in
                Tensor.record(MaxPool(geometry), [batch])
            }
        }
    }
}
