import ApusGraph

/// Which part of the image an element of a result depends on, along each spatial dimension.
///
/// Each convolution or pooling with kernel F, dilation d and stride S widens it:
/// size ← size + (F − 1) · d · distance, distance ← distance · S (Araujo, Norris and Sim: "Computing receptive fields
/// of convolutional neural networks", 2019). The padding is not taken off.
struct ReceptiveField: Hashable {
    /// In pixels.
    private(set) var size: [Int]
    /// How many pixels of the image lie between the fields of two neighbouring elements.
    private(set) var distance: [Int]

    /// The field of a pixel of the image itself.
    static func pixel(rank: Int) -> ReceptiveField {
        ReceptiveField(size: [Int](repeating: 1, count: rank), distance: [Int](repeating: 1, count: rank))
    }

    /// The field of what is made of both.
    func union(_ other: ReceptiveField) -> ReceptiveField {
        ReceptiveField(
            size: zip(size, other.size).map { Swift.max($0, $1) },
            distance: zip(distance, other.distance).map { Swift.max($0, $1) })
    }

    /// The field after an operation on values of this field.
    ///
    /// Matrix products, and reductions over spatial dimensions, see all pixels; what is neither of these nor a window
    /// (an activation, a sum, another shape) sees what its operands see.
    func after(_ primitive: any Primitive, _ inputs: [Value], imageSize: [Int]) -> ReceptiveField {
        switch primitive {
        case let convolution as Convolution:
            let geometry = convolution.geometry
            let kernel = Array(inputs[1].spec.shape.dimensions.dropFirst(2))
            return widened(kernel: kernel, dilation: geometry.dilation, stride: geometry.stride)
        case let pool as MaxPool:
            return widened(pool.geometry)
        case let pool as AveragePool:
            return widened(pool.geometry)
        case is MatMul, is LinearMap:
            return ReceptiveField(size: imageSize, distance: imageSize)
        case let reduction as Reduction where reduction.dimensions.contains(where: { $0 >= 2 }):
            return ReceptiveField(size: imageSize, distance: imageSize)
        default:
            return self
        }
    }

    private func widened(_ geometry: PoolingGeometry) -> ReceptiveField {
        widened(kernel: geometry.kernelSize, dilation: geometry.dilation, stride: geometry.stride)
    }

    private func widened(kernel: [Int], dilation: [Int], stride: [Int]) -> ReceptiveField {
        guard kernel.count == size.count else { return self }
        var result = self
        for dimension in kernel.indices {
            result.size[dimension] += (kernel[dimension] - 1) * dilation[dimension] * distance[dimension]
            result.distance[dimension] *= stride[dimension]
        }
        return result
    }
}
