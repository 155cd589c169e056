import ApusGraph

/// Poolings over one dimension, [N, C, L] or [C, L] → [N, C, L'], as functions.
extension Tensor {
    /// The largest element of each window (`torch.nn.functional.max_pool1d`); see ``MaxPool1d``.
    public func maxPool1d(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        dilation: any SpatialSize = 1, ceilMode: Bool = false
    ) -> Tensor {
        maxPool1dWithIndices(
            kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode
        ).values
    }

    /// The largest element of each window, and as `int64` its flat position in the plane
    /// (`torch.nn.functional.max_pool1d` with `return_indices`); see ``MaxPool1d``.
    public func maxPool1dWithIndices(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        dilation: any SpatialSize = 1, ceilMode: Bool = false
    ) -> (values: Tensor, indices: Tensor) {
        var arguments = LayerArguments(of: "max_pool1d")
        let window = arguments.window(
            1, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
        guard arguments.areValid else { return (.poisoned(like: [self]), .poisoned(like: [self])) }
        return maxPool(window.geometry)
    }

    /// The mean of each window (`torch.nn.functional.avg_pool1d`); see ``AvgPool1d``.
    public func avgPool1d(
        _ kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, padding: any SpatialSize = 0,
        ceilMode: Bool = false, countIncludePad: Bool = true
    ) -> Tensor {
        var arguments = LayerArguments(of: "avg_pool1d")
        let window = arguments.window(1, kernelSize, stride: stride, padding: padding, ceilMode: ceilMode)
        guard arguments.areValid else { return .poisoned(like: [self]) }
        return averagePool(window.geometry, countIncludePad: countIncludePad)
    }

    /// (Σ xᵖ)^(1/p) over each window (`torch.nn.functional.lp_pool1d`); see ``LPPool1d``.
    public func lpPool1d(
        _ normType: Double, kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil, ceilMode: Bool = false
    ) -> Tensor {
        var arguments = LayerArguments(of: "lp_pool1d")
        arguments.require(normType != 0, "normType is 0, of which there is no root. Give another power.")
        let window = arguments.window(1, kernelSize, stride: stride, ceilMode: ceilMode)
        guard arguments.areValid else { return .poisoned(like: [self]) }
        return powerAveragePool(window.geometry, normType: normType)
    }

    /// The means of windows that cover the input evenly (`torch.nn.functional.adaptive_avg_pool1d`); see
    /// ``AdaptiveAvgPool1d``.
    public func adaptiveAvgPool1d(_ outputSize: Int) -> Tensor {
        adaptiveAvgPool1d([Int?](repeating: outputSize, count: 1))
    }

    /// The means of windows that cover the input evenly, where nil keeps a size; see ``AdaptiveAvgPool1d``.
    public func adaptiveAvgPool1d(_ outputSize: [Int?]) -> Tensor {
        var arguments = LayerArguments(of: "adaptive_avg_pool1d")
        let sizes = AdaptiveSizes(outputSize, rank: 1, of: &arguments)
        return arguments.areValid ? adaptiveAveragePool(sizes.sizes) : .poisoned(like: [self])
    }

    /// The largest elements of windows that cover the input evenly (`torch.nn.functional.adaptive_max_pool1d`); see
    /// ``AdaptiveMaxPool1d``.
    public func adaptiveMaxPool1d(_ outputSize: Int) -> Tensor {
        adaptiveMaxPool1d([Int?](repeating: outputSize, count: 1))
    }

    /// The largest elements of windows that cover the input evenly, where nil keeps a size; see ``AdaptiveMaxPool1d``.
    public func adaptiveMaxPool1d(_ outputSize: [Int?]) -> Tensor { adaptiveMaxPool1dWithIndices(outputSize).values }

    /// The largest elements of windows that cover the input evenly, and as `int64` their flat positions in the plane
    /// (`torch.nn.functional.adaptive_max_pool1d` with `return_indices`); see ``AdaptiveMaxPool1d``.
    public func adaptiveMaxPool1dWithIndices(_ outputSize: [Int?]) -> (values: Tensor, indices: Tensor) {
        var arguments = LayerArguments(of: "adaptive_max_pool1d")
        let sizes = AdaptiveSizes(outputSize, rank: 1, of: &arguments)
        guard arguments.areValid else { return (.poisoned(like: [self]), .poisoned(like: [self])) }
        return adaptiveMaxPool(sizes.sizes)
    }

    /// Puts elements back where max-pooling found them (`torch.nn.functional.max_unpool1d`); see ``MaxUnpool1d``.
    public func maxUnpool1d(
        _ indices: Tensor, kernelSize: any SpatialSize, stride: (any SpatialSize)? = nil,
        padding: any SpatialSize = 0, outputSize: [Int]? = nil
    ) -> Tensor {
        var arguments = LayerArguments(of: "max_unpool1d")
        let window = arguments.window(1, kernelSize, stride: stride, padding: padding)
        guard arguments.areValid else { return .poisoned(like: [self]) }
        return maxUnpool(indices, window.geometry, outputSize: outputSize, operation: "max_unpool1d")
    }
}
