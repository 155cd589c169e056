/// The mean of each of `outputSize` windows that cover the input evenly.
///
/// Shape rule: [N, C, H, W] → [N, C, outputSize]. Along a dimension of size H with O outputs, output o reads
/// ⌊o · H / O⌋ ..< ⌈(o + 1) · H / O⌉: windows overlap where O does not divide H.
public struct AdaptiveAveragePool: Primitive {
    public static let name = "adaptive_avg_pool"
    public let outputSize: [Int]

    public init(_ outputSize: [Int]) { self.outputSize = outputSize }

    public var name: String { "adaptive_avg_pool\(outputSize.count)d" }
    public var gradientName: String { Self.gradientName(spatialRank: outputSize.count) }

    /// PyTorch pools one dimension as two, of which one is squeezed away.
    static func gradientName(spatialRank: Int) -> String {
        spatialRank == 1 ? "SqueezeBackward1" : "AdaptiveAvgPool\(spatialRank)DBackward0"
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let shape = try Self.outputShape(inputs[0], outputSize, operation: name)
        return [TensorSpec(shape, inputs[0].dtype, inputs[0].device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let primitive = AdaptiveAveragePoolGradient(inputShape: context.inputSpec(0).shape)
        return [.record(primitive, context.cotangent())]
    }

    /// The shape rule of both adaptive poolings.
    static func outputShape(
        _ input: TensorSpec, _ outputSize: [Int], operation: String
    ) throws(TensorError) -> Shape {
        try PoolingGeometry.checkInput(input, spatialRank: outputSize.count, operation: operation)
        guard outputSize.allSatisfy({ $0 >= 0 }) else {
            throw TensorError(operation, "the output size \(outputSize) must be at least 0.")
        }
        guard !input.shape.dimensions.dropFirst(2).contains(0) else {
            throw TensorError(operation, "the input \(input.shape.brackets) is empty. Only the batch may be.")
        }
        return Shape(Array(input.shape.dimensions.prefix(2)) + outputSize)
    }
}

/// Spreads each element of dy evenly over its adaptive window.
///
/// Shape rule: `inputShape`.
public struct AdaptiveAveragePoolGradient: Primitive {
    public static let name = "adaptive_avg_pool gradient"
    public let inputShape: Shape

    public init(inputShape: Shape) { self.inputShape = inputShape }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(inputShape, inputs[0].dtype, inputs[0].device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let outputSize = Array(context.inputSpec(0).shape.dimensions.dropFirst(2))
        return [.record(AdaptiveAveragePool(outputSize), context.cotangent())]
    }
}

/// The largest element of each of `outputSize` windows that cover the input evenly, and where it was.
///
/// Shape rule: [N, C, H, W] → twice [N, C, outputSize]: values, and as `int64` the flat position within the plane. The
/// windows are those of ``AdaptiveAveragePool``; the first of equal elements wins, the last NaN before all.
public struct AdaptiveMaxPool: Primitive {
    public static let name = "adaptive_max_pool"
    public let outputSize: [Int]

    public init(_ outputSize: [Int]) { self.outputSize = outputSize }

    public var name: String { "adaptive_max_pool\(outputSize.count)d" }
    public var gradientName: String { Self.gradientName(spatialRank: outputSize.count) }

    /// PyTorch pools one dimension as two, of which one is squeezed away.
    static func gradientName(spatialRank: Int) -> String {
        spatialRank == 1 ? "SqueezeBackward1" : "AdaptiveMaxPool\(spatialRank)DBackward0"
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let input = inputs[0]
        let shape = try AdaptiveAveragePool.outputShape(input, outputSize, operation: name)
        guard input.shape[1] > 0 else {
            throw TensorError(name, "the input \(input.shape.brackets) is empty. Only the batch may be.")
        }
        return [TensorSpec(shape, input.dtype, input.device), TensorSpec(shape, .int64, input.device)]
    }

    public var gradientReads: GradientReads { .outputs(1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [.record(PlaneScatterAdd(context.inputSpec(0).shape), context.cotangent(), context.output(1))]
    }
}

extension Tensor {
    /// The mean of each of `outputSize` windows that cover the input evenly (`torch.nn.functional.adaptive_avg_pool2d`
    /// and its kin): [N, C, …] or [C, …] → [N, C, outputSize].
    ///
    /// - Parameters:
    ///   - outputSize: one size for each spatial dimension; nil keeps one.
    public func adaptiveAveragePool(_ outputSize: [Int?]) -> Tensor {
        let spatialRank = outputSize.count
        return .checked(like: [self]) { () throws(TensorError) in
            try pooled(spatialRank, "adaptive_avg_pool\(spatialRank)d") { batch throws(TensorError) in
                let sizes = batch.resolved(outputSize)
                if sizes.allSatisfy({ $0 == 1 }), batch.dtype.isFloatingPoint {
                    let mean = batch.mean(dim: Array(2..<batch.rank), keepdim: true)
                    return [spatialRank == 1 ? mean.withGradientName("SqueezeBackward1") : mean]
                }
                let name = AdaptiveAveragePool.gradientName(spatialRank: spatialRank)
                guard let windows = batch.evenWindows(sizes) else {
                    return Tensor.record(AdaptiveAveragePool(sizes), [batch], gradientName: name)
                }
                let pool = AveragePool(windows, countIncludePad: true, divisorOverride: nil)
                return Tensor.record(pool, [batch], gradientName: name)
            }[0]
        }
    }

    /// The largest element of each of `outputSize` windows that cover the input evenly, and its flat position in the
    /// plane (`torch.nn.functional.adaptive_max_pool2d` and its kin): [N, C, …] or [C, …] → twice [N, C, outputSize].
    ///
    /// - Parameters:
    ///   - outputSize: one size for each spatial dimension; nil keeps one.
    public func adaptiveMaxPool(_ outputSize: [Int?]) -> (values: Tensor, indices: Tensor) {
        let spatialRank = outputSize.count
        return checkedPair { () throws(TensorError) in
            try pooled(spatialRank, "adaptive_max_pool\(spatialRank)d") { batch throws(TensorError) in
                let sizes = batch.resolved(outputSize)
                let name = AdaptiveMaxPool.gradientName(spatialRank: spatialRank)
                if let windows = batch.evenWindows(sizes) {
                    return Tensor.record(MaxPool(windows), [batch], gradientName: name)
                }
                return Tensor.record(AdaptiveMaxPool(sizes), [batch], gradientName: name)
            }
        }
    }

    private func resolved(_ outputSize: [Int?]) -> [Int] {
        zip(outputSize, shape.dimensions.dropFirst(2)).map { $0 ?? $1 }
    }

    /// The adaptive windows as ones of equal size side by side, where the outputs divide the input.
    private func evenWindows(_ outputSize: [Int]) -> PoolingGeometry? {
        let sizes = shape.dimensions.dropFirst()
        guard !sizes.contains(0), zip(sizes.dropFirst(), outputSize).allSatisfy({ $1 > 0 && $0 % $1 == 0 }) else {
            return nil
        }
        return PoolingGeometry(tiling: zip(sizes.dropFirst(), outputSize).map { $0 / $1 })
    }
}
