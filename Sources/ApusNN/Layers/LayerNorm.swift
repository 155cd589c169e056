import ApusGraph

/// Normalises the last dimensions of each position (`torch.nn.LayerNorm`; Ba, Kiros & Hinton 2016).
///
/// [*, `normalizedShape`] → the same shape, y = (x − mean) / √(variance + ε) · weight + bias, where mean and variance
/// (divided by the number of elements) are taken over the last dimensions, those of `normalizedShape`. An input that
/// does not end with them is an error when the layer is called.
///
/// State: `weight` (ones) and `bias` (zeros) of `normalizedShape` where `elementwiseAffine`.
open class LayerNorm: Module {
    /// The sizes of the last dimensions.
    public let normalizedShape: SpatialSizes
    /// ε, which keeps the root away from 0.
    public let eps: Double
    /// Whether there are parameters for each element.
    public let elementwiseAffine: Bool
    /// The scale, of ``normalizedShape``; nil where there is none.
    public let weight: Parameter?
    /// The shift, of ``normalizedShape``; nil where there is none.
    public let bias: Parameter?

    /// A normalisation of the last dimension, or of several.
    ///
    /// - Parameters:
    ///   - normalizedShape: the sizes of the last dimensions, not negative: an `Int` for one, or an array that is not
    ///     empty.
    ///   - eps: ε, which keeps the root away from 0; `1e-5` by default.
    ///   - elementwiseAffine: whether there are a learnt scale and shift for each element; `true` by default.
    ///   - bias: whether an affine layer has the shift, not the scale alone; `true` by default.
    ///
    /// A negative size and an empty array are errors (see ``/ApusGraph/withTensorErrors(_:)``).
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
