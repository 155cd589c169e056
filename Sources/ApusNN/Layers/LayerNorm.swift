import ApusGraph

/// Normalises the last dimensions of each position (`torch.nn.LayerNorm`; Ba, Kiros & Hinton 2016).
///
/// [*, `normalizedShape`] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias, where mean and variance
/// (divided by the number of elements) are taken over the last dimensions, those of `normalizedShape`. An input that does
/// not end with them is an error when the layer is called.
///
/// State: `weight` (ones) and `bias` (zeros) of `normalizedShape` where `elementwiseAffine`.
open class LayerNorm: Module {
    /// The sizes of the last dimensions.
    public let normalizedShape: SpatialSizes
    /// ε, which keeps the root away from 0.
    public let eps: Double
    public let elementwiseAffine: Bool
    public let weight: Parameter?
    public let bias: Parameter?

    /// A normalisation of the last dimension (an `Int`), or of several (an array); a negative size and an empty array are
    /// errors (see ``withTensorErrors(_:)``).
    ///
    /// `bias: false` leaves the shift out of an affine layer.
    public init(
        _ normalizedShape: any SpatialSize, eps: Double = 1e-5, elementwiseAffine: Bool = true, bias: Bool = true
    ) {
        let sizes = normalizedShape.spatialSizes
        (self.normalizedShape, self.eps, self.elementwiseAffine) = (sizes, eps, elementwiseAffine)
        var arguments = LayerArguments(of: "LayerNorm")
        arguments.requireNormalizedShape(sizes)
        weight = elementwiseAffine ? arguments.parameter { .ones(Shape(sizes.sizes)) } : nil
        self.bias = elementwiseAffine && bias ? arguments.parameter { .zeros(Shape(sizes.sizes)) } : nil
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        input.layerNorm(
            normalizedShape: normalizedShape.sizes, weight: weight?.tensor, bias: bias?.tensor, eps: eps)
    }

    override open var extraDescription: String {
        "\(normalizedShape.tupleText), eps=\(PythonText.of(eps)), "
            + "elementwise_affine=\(PythonText.of(elementwiseAffine)), bias=\(PythonText.of(bias != nil))"
    }
}

extension LayerArguments {
    /// The sizes of the last dimensions: at least one, none negative.
    mutating func requireNormalizedShape(_ shape: SpatialSizes) {
        require(!shape.sizes.isEmpty, "normalizedShape is []. Give the size of the last dimension, or several.")
        require(shape, "normalizedShape", atLeast: 0)
    }
}
