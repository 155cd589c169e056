import ApusGraph

/// Divides the last dimensions of each position by the root of their mean square (`torch.nn.RMSNorm`; Zhang & Sennrich
/// 2019).
///
/// [*, `normalizedShape`] → the same shape, y = x / √(mean(x²) + ε) · weight, where the mean is taken over the last
/// dimensions, those of `normalizedShape`. An input that does not end with them is an error when the layer is called.
///
/// State: `weight` (ones) of `normalizedShape` where `elementwiseAffine`.
open class RMSNorm: Module {
    /// The sizes of the last dimensions.
    public let normalizedShape: SpatialSizes
    /// ε; nil stands for the distance from 1 to the next number of the input's type, 2⁻²³ for `float32`.
    public let eps: Double?
    public let elementwiseAffine: Bool
    public let weight: Parameter?

    /// A normalisation of the last dimension (an `Int`), or of several (an array); a negative size and an empty array are
    /// errors (see ``withTensorErrors(_:)``).
    public init(_ normalizedShape: any SpatialSize, eps: Double? = nil, elementwiseAffine: Bool = true) {
        let sizes = normalizedShape.spatialSizes
        (self.normalizedShape, self.eps, self.elementwiseAffine) = (sizes, eps, elementwiseAffine)
        var arguments = LayerArguments(of: "RMSNorm")
        arguments.requireNormalizedShape(sizes)
        weight = elementwiseAffine ? arguments.parameter { .ones(Shape(sizes.sizes)) } : nil
        super.init()
    }

    override open func forward(_ input: Tensor) -> Tensor {
        input.rmsNorm(normalizedShape: normalizedShape.sizes, weight: weight?.tensor, eps: eps)
    }

    override open var extraDescription: String {
        "\(normalizedShape.tupleText), eps=\(PythonText.of(eps)), "
            + "elementwise_affine=\(PythonText.of(elementwiseAffine))"
    }
}
