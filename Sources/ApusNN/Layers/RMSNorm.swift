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
    /// Whether there are parameters for each element.
    public let elementwiseAffine: Bool
    /// The scale, of ``normalizedShape``; nil where there is none.
    public let weight: Parameter?

    /// A normalisation of the last dimension, or of several.
    ///
    /// - Parameters:
    ///   - normalizedShape: the sizes of the last dimensions, not negative: an `Int` for one, or an array that is not
    ///     empty.
    ///   - eps: ε, which keeps the root away from 0; the distance from 1 to the next number of the input's type where
    ///     it is `nil`, which is the default.
    ///   - elementwiseAffine: whether there is a learnt scale for each element; `true` by default.
    ///
    /// A negative size and an empty array are errors (see ``/ApusGraph/withTensorErrors(_:)``).
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
