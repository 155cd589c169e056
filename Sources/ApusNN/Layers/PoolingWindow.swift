import ApusGraph

/// The checked arguments of a pooling.
struct PoolingWindow {
    let kernelSize: SpatialSizes
    let stride: SpatialSizes
    let padding: SpatialSizes
    let dilation: SpatialSizes
    let ceilMode: Bool

    var geometry: PoolingGeometry {
        PoolingGeometry(
            kernelSize: kernelSize.sizes, stride: stride.sizes, padding: padding.sizes, dilation: dilation.sizes,
            ceilMode: ceilMode)
    }
}

extension LayerArguments {
    /// The windows of a pooling; their stride is the kernel size unless it is given.
    mutating func window(
        _ rank: Int, _ kernelSize: any SpatialSize, stride: (any SpatialSize)?, padding: any SpatialSize = 0,
        dilation: any SpatialSize = 1, ceilMode: Bool = false
    ) -> PoolingWindow {
        PoolingWindow(
            kernelSize: sizes(kernelSize, "kernelSize", rank: rank, atLeast: 1),
            stride: sizes(stride ?? kernelSize, "stride", rank: rank, atLeast: 1),
            padding: sizes(padding, "padding", rank: rank, atLeast: 0),
            dilation: sizes(dilation, "dilation", rank: rank, atLeast: 1), ceilMode: ceilMode)
    }
}
