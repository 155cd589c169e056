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

    /// PyTorch pools one dimension as two, of which one is squeezed away.
    public var gradientName: String {
        geometry.spatialRank == 1 ? "SqueezeBackward1" : "AvgPool\(geometry.spatialRank)DBackward0"
    }

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
    /// The mean of each window (`torch.nn.functional.avg_pool2d` and its kin): [N, C, …] or [C, …] → [N, C, …] with the
    /// sizes that `geometry` says.
    ///
    /// - Parameters:
    ///   - geometry: kernel size, stride, padding and dilation.
    ///   - countIncludePad: whether the padding counts as elements; `true` by default.
    ///   - divisorOverride: what sums are divided by; the number of elements where it is `nil`, which is the default.
    public func averagePool(
        _ geometry: PoolingGeometry, countIncludePad: Bool = true, divisorOverride: Int? = nil
    ) -> Tensor {
        let pool = AveragePool(geometry, countIncludePad: countIncludePad, divisorOverride: divisorOverride)
        return .checked(like: [self]) { () throws(TensorError) in
            try pooled(geometry.spatialRank, "avg_pool\(geometry.spatialRank)d") { batch throws(TensorError) in
                try geometry.checkRoom(in: batch.shape)
                return Tensor.record(pool, [batch])
            }[0]
        }
    }

    /// (Σ xᵖ)^(1/p) over each window, by the mean of the p-th powers times the window's size
    /// (`torch.nn.functional.lp_pool2d` and its kin): [N, C, …] or [C, …] → [N, C, …] with the sizes that `geometry`
    /// says.
    ///
    /// As in PyTorch a sum below 0 keeps its sign, so that the root of a negative one is NaN, and a window of ceil mode
    /// that reaches beyond the input counts as if it were full.
    ///
    /// - Parameters:
    ///   - geometry: kernel size, stride, padding and dilation.
    ///   - normType: the power p.
    public func powerAveragePool(_ geometry: PoolingGeometry, normType: Double) -> Tensor {
        let mean = (normType == 1 ? self : pow(normType)).averagePool(geometry)
        let magnitude = mean.abs().relu()
        let sum = mean.sign() * magnitude * Double(geometry.kernelSize.reduce(1, *))
        let root = normType == 2 ? sum.sqrt() : normType == 1 ? sum : sum.pow(1 / normType)
        return root.withGradientName("PowBackward0")
    }
}

extension PoolingGeometry {
    /// PyTorch's rule for averages in three dimensions alone: padding does not make room for the window.
    fileprivate func checkRoom(in input: Shape) throws(TensorError) {
        guard spatialRank == 3, zip(input.dimensions.dropFirst(2), kernelSize).contains(where: { $0 < $1 }) else {
            return
        }
        throw TensorError(
            "avg_pool3d",
            "the window \(kernelSize) is larger than the input \(input.brackets). Along each dimension it must be at "
                + "most the input's size, padding aside.")
    }
}
