import ApusGraph

/// What ``MaxUnpool1d``, ``MaxUnpool2d`` and ``MaxUnpool3d`` share: elements put back where max-pooling found them,
/// [N, C, …] → [N, C, …] (`torch.nn.MaxUnpool2d` and its kin).
open class MaxUnpoolNd: Module {
    /// The size of the windows of the pooling that is undone.
    public let kernelSize: SpatialSizes
    /// The step of the pooling that is undone.
    public let stride: SpatialSizes
    /// The padding of the pooling that is undone.
    public let padding: SpatialSizes
    private let operation: String
    private let geometry: PoolingGeometry

    init(_ rank: Int, _ kernelSize: any SpatialSize, stride: (any SpatialSize)?, padding: any SpatialSize) {
        var arguments = LayerArguments(of: "MaxUnpool\(rank)d")
        let window = arguments.window(rank, kernelSize, stride: stride, padding: padding)
        (self.kernelSize, self.stride, self.padding) = (window.kernelSize, window.stride, window.padding)
        operation = "MaxUnpool\(rank)d"
        geometry = window.geometry
        super.init()
    }

    /// The elements in planes of zeros, each at its index.
    ///
    /// - Parameters:
    ///   - input: [N, C, …] or [C, …], what was pooled.
    ///   - indices: the indices that max-pooling gave, of the same shape; one outside of the output's planes is an
    ///     error when the result is computed.
    ///   - outputSize: the spatial sizes of the result, or all of its sizes, which may differ from (H − 1) · S − 2p + F
    ///     by less than the stride; that where it is `nil`, which is the default.
    public func callAsFunction(_ input: Tensor, indices: Tensor, outputSize: [Int]? = nil) -> Tensor {
        withModulePath { input.maxUnpool(indices, geometry, outputSize: outputSize, operation: operation) }
    }

    /// An unpooling needs indices.
    override open func forward(_ input: Tensor) -> Tensor {
        .refuse(
            TensorError(
                operation, "unpooling needs the indices of the pooling. Call the layer as unpool(x, indices: indices)."),
            like: [input])
    }

    override open var extraDescription: String {
        "kernel_size=\(kernelSize.tupleText), stride=\(stride.tupleText), padding=\(padding.tupleText)"
    }
}

extension Tensor {
    /// Undoes max-pooling with these windows, as far as that can be done.
    func maxUnpool(
        _ indices: Tensor, _ geometry: PoolingGeometry, outputSize: [Int]?, operation: String
    ) -> Tensor {
        let spatialRank = geometry.spatialRank
        guard rank == spatialRank + 1 || rank == spatialRank + 2 else {
            // The operation names the ranks that it takes.
            return maxUnpool(indices, outputSize: [Int](repeating: 1, count: spatialRank))
        }
        let sizes = shape.dimensions.suffix(spatialRank)
        let ordinary = sizes.enumerated().map { dimension, size in
            (size - 1) * geometry.stride[dimension] - 2 * geometry.padding[dimension] + geometry.kernelSize[dimension]
        }
        guard let outputSize else { return maxUnpool(indices, outputSize: ordinary) }
        guard outputSize.count == spatialRank || outputSize.count == spatialRank + 2 else {
            let error = TensorError(
                operation,
                "outputSize: \(outputSize) has \(outputSize.count) numbers. Give the \(spatialRank) spatial sizes, or "
                    + "all \(spatialRank + 2).")
            return .refuse(error, like: [self])
        }
        let wanted = Array(outputSize.suffix(spatialRank))
        for (dimension, size) in wanted.enumerated() {
            let (middle, stride) = (ordinary[dimension], geometry.stride[dimension])
            guard size > middle - stride, size < middle + stride else {
                let error = TensorError(
                    operation,
                    "outputSize: \(wanted) does not belong to the input \(shape.brackets). Spatial dimension "
                        + "\(dimension) must be between \(middle - stride + 1) and \(middle + stride - 1): (size − 1) · "
                        + "stride − 2 · padding + kernel = \(middle), give or take less than the stride \(stride).")
                return .refuse(error, like: [self])
            }
        }
        return maxUnpool(indices, outputSize: wanted)
    }
}
