import ApusGraph

/// Poolings over two dimensions, [N, C, H, W] or [C, H, W] → [N, C, H', W'], as functions.
extension Tensor {
    /// The largest element of each window (`torch.nn.functional.max_pool2d`); see ``MaxPool2d``.
    public func maxPool2d(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        dilation: any SpatialSize = 1, ceilMode: Bool = false
    ) -> Tensor {
        maxPool2dWithIndices(
            kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode
        ).values
    }

    /// The largest element of each window, and as `int64` its flat position in the plane
    /// (`torch.nn.functional.max_pool2d` with `return_indices`); see ``MaxPool2d``.
    public func maxPool2dWithIndices(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        dilation: any SpatialSize = 1, ceilMode: Bool = false
    ) -> (values: Tensor, indices: Tensor) {
        var arguments = LayerArguments(of: "max_pool2d")
        let window = arguments.window(
            2, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
        guard arguments.areValid else { return (.poisoned(like: [self]), .poisoned(like: [self])) }
        return maxPool(window.geometry)
    }

    /// The mean of each window (`torch.nn.functional.avg_pool2d`); see ``AvgPool2d``.
    public func avgPool2d(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        ceilMode: Bool = false, countIncludePad: Bool = true, divisorOverride: Int? = nil
    ) -> Tensor {
        var arguments = LayerArguments(of: "avg_pool2d")
        let window = arguments.window(2, kernelSize, stride: stride, padding: padding, ceilMode: ceilMode)
        guard arguments.areValid else { return .poisoned(like: [self]) }
        return averagePool(window.geometry, countIncludePad: countIncludePad, divisorOverride: divisorOverride)
    }

    /// (Σ xᵖ)^(1/p) over each window (`torch.nn.functional.lp_pool2d`); see ``LPPool2d``.
    public func lpPool2d(
        _ normType: Double, kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, ceilMode: Bool = false
    ) -> Tensor {
        var arguments = LayerArguments(of: "lp_pool2d")
        arguments.require(normType != 0, "normType is 0, of which there is no root. Give another power.")
        let window = arguments.window(2, kernelSize, stride: stride, ceilMode: ceilMode)
        guard arguments.areValid else { return .poisoned(like: [self]) }
        return powerAveragePool(window.geometry, normType: normType)
    }

    /// The means of windows that cover the input evenly (`torch.nn.functional.adaptive_avg_pool2d`); see
    /// ``AdaptiveAvgPool2d``.
    public func adaptiveAvgPool2d(_ outputSize: Int) -> Tensor {
        adaptiveAvgPool2d([Int?](repeating: outputSize, count: 2))
    }

    /// The means of windows that cover the input evenly, where nil keeps a size; see ``AdaptiveAvgPool2d``.
    public func adaptiveAvgPool2d(_ outputSize: [Int?]) -> Tensor {
        var arguments = LayerArguments(of: "adaptive_avg_pool2d")
        let sizes = AdaptiveSizes(outputSize, rank: 2, of: &arguments)
        return arguments.areValid ? adaptiveAveragePool(sizes.sizes) : .poisoned(like: [self])
    }

    /// The largest elements of windows that cover the input evenly (`torch.nn.functional.adaptive_max_pool2d`); see
    /// ``AdaptiveMaxPool2d``.
    public func adaptiveMaxPool2d(_ outputSize: Int) -> Tensor {
        adaptiveMaxPool2d([Int?](repeating: outputSize, count: 2))
    }

    /// The largest elements of windows that cover the input evenly, where nil keeps a size; see ``AdaptiveMaxPool2d``.
    public func adaptiveMaxPool2d(_ outputSize: [Int?]) -> Tensor { adaptiveMaxPool2dWithIndices(outputSize).values }

    /// The largest elements of windows that cover the input evenly, and as `int64` their flat positions in the plane
    /// (`torch.nn.functional.adaptive_max_pool2d` with `return_indices`); see ``AdaptiveMaxPool2d``.
    public func adaptiveMaxPool2dWithIndices(_ outputSize: [Int?]) -> (values: Tensor, indices: Tensor) {
        var arguments = LayerArguments(of: "adaptive_max_pool2d")
        let sizes = AdaptiveSizes(outputSize, rank: 2, of: &arguments)
        guard arguments.areValid else { return (.poisoned(like: [self]), .poisoned(like: [self])) }
        return adaptiveMaxPool(sizes.sizes)
    }

    /// Puts elements back where max-pooling found them (`torch.nn.functional.max_unpool2d`); see ``MaxUnpool2d``.
    public func maxUnpool2d(
        _ indices: Tensor, kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil,
        padding: any SpatialSize = 0, outputSize: [Int]? = nil
    ) -> Tensor {
        var arguments = LayerArguments(of: "max_unpool2d")
        let window = arguments.window(2, kernelSize, stride: stride, padding: padding)
        guard arguments.areValid else { return .poisoned(like: [self]) }
        return maxUnpool(indices, window.geometry, outputSize: outputSize, operation: "max_unpool2d")
    }
}
