import ApusGraph

/// Poolings over three dimensions, [N, C, D, H, W] or [C, D, H, W] → [N, C, D', H', W'], as functions.
extension Tensor {
    /// The largest element of each window (`torch.nn.functional.max_pool3d`); see ``MaxPool3d``.
    public func maxPool3d(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        dilation: any SpatialSize = 1, ceilMode: Bool = false
    ) -> Tensor {
        maxPool3dWithIndices(
            kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode
        ).values
    }

    /// The largest element of each window, and as `int64` its flat position in the plane
    /// (`torch.nn.functional.max_pool3d` with `return_indices`); see ``MaxPool3d``.
    public func maxPool3dWithIndices(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        dilation: any SpatialSize = 1, ceilMode: Bool = false
    ) -> (values: Tensor, indices: Tensor) {
        var arguments = LayerArguments(of: "max_pool3d")
        let window = arguments.window(
            3, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
        guard arguments.areValid else { return (.poisoned(like: [self]), .poisoned(like: [self])) }
        return maxPool(window.geometry)
    }

    /// The mean of each window (`torch.nn.functional.avg_pool3d`); see ``AvgPool3d``.
    public func avgPool3d(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        ceilMode: Bool = false, countIncludePad: Bool = true, divisorOverride: Int? = nil
    ) -> Tensor {
        var arguments = LayerArguments(of: "avg_pool3d")
        let window = arguments.window(3, kernelSize, stride: stride, padding: padding, ceilMode: ceilMode)
        guard arguments.areValid else { return .poisoned(like: [self]) }
        return averagePool(window.geometry, countIncludePad: countIncludePad, divisorOverride: divisorOverride)
    }

    /// (Σ xᵖ)^(1/p) over each window (`torch.nn.functional.lp_pool3d`); see ``LPPool3d``.
    public func lpPool3d(
        _ normType: Double, kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, ceilMode: Bool = false
    ) -> Tensor {
        var arguments = LayerArguments(of: "lp_pool3d")
        arguments.require(normType != 0, "normType is 0, of which there is no root. Give another power.")
        let window = arguments.window(3, kernelSize, stride: stride, ceilMode: ceilMode)
        guard arguments.areValid else { return .poisoned(like: [self]) }
        return powerAveragePool(window.geometry, normType: normType)
    }

    /// The means of windows that cover the input evenly (`torch.nn.functional.adaptive_avg_pool3d`); see
    /// ``AdaptiveAvgPool3d``.
    public func adaptiveAvgPool3d(_ outputSize: Int) -> Tensor {
        adaptiveAvgPool3d([Int?](repeating: outputSize, count: 3))
    }

    /// The means of windows that cover the input evenly, where nil keeps a size; see ``AdaptiveAvgPool3d``.
    public func adaptiveAvgPool3d(_ outputSize: [Int?]) -> Tensor {
        var arguments = LayerArguments(of: "adaptive_avg_pool3d")
        let sizes = AdaptiveSizes(outputSize, rank: 3, of: &arguments)
        return arguments.areValid ? adaptiveAveragePool(sizes.sizes) : .poisoned(like: [self])
    }

    /// The largest elements of windows that cover the input evenly (`torch.nn.functional.adaptive_max_pool3d`); see
    /// ``AdaptiveMaxPool3d``.
    public func adaptiveMaxPool3d(_ outputSize: Int) -> Tensor {
        adaptiveMaxPool3d([Int?](repeating: outputSize, count: 3))
    }

    /// The largest elements of windows that cover the input evenly, where nil keeps a size; see ``AdaptiveMaxPool3d``.
    public func adaptiveMaxPool3d(_ outputSize: [Int?]) -> Tensor { adaptiveMaxPool3dWithIndices(outputSize).values }

    /// The largest elements of windows that cover the input evenly, and as `int64` their flat positions in the plane
    /// (`torch.nn.functional.adaptive_max_pool3d` with `return_indices`); see ``AdaptiveMaxPool3d``.
    public func adaptiveMaxPool3dWithIndices(_ outputSize: [Int?]) -> (values: Tensor, indices: Tensor) {
        var arguments = LayerArguments(of: "adaptive_max_pool3d")
        let sizes = AdaptiveSizes(outputSize, rank: 3, of: &arguments)
        guard arguments.areValid else { return (.poisoned(like: [self]), .poisoned(like: [self])) }
        return adaptiveMaxPool(sizes.sizes)
    }

    /// Puts elements back where max-pooling found them (`torch.nn.functional.max_unpool3d`); see ``MaxUnpool3d``.
    public func maxUnpool3d(
        _ indices: Tensor, kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil,
        padding: any SpatialSize = 0, outputSize: [Int]? = nil
    ) -> Tensor {
        var arguments = LayerArguments(of: "max_unpool3d")
        let window = arguments.window(3, kernelSize, stride: stride, padding: padding)
        guard arguments.areValid else { return .poisoned(like: [self]) }
        return maxUnpool(indices, window.geometry, outputSize: outputSize, operation: "max_unpool3d")
    }
}
