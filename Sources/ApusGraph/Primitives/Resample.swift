/// How the elements between the positions of a grid are found.
public enum ResamplingFilter: Sendable, Hashable {
    /// The element before the position, as PyTorch's `nearest` takes it.
    case nearest
    /// The element whose middle is nearest.
    case nearestExact
    /// A line between two elements.
    case linear(alignsCorners: Bool)
    /// A cubic curve through four elements (Keys 1981, a = −0.75).
    case cubic(alignsCorners: Bool)
    /// The mean of the elements that a result covers.
    case area
    /// A curve that is stretched over all elements that a result covers (Pillow's resize).
    case antialiased(AntialiasingCurve, alignsCorners: Bool)
}

/// The curves of ``ResamplingFilter/antialiased(_:alignsCorners:)``.
public enum AntialiasingCurve: Sendable, Hashable {
    /// 1 − |x| up to 1.
    case linear
    /// Keys' cubic with a = −0.5, up to 2.
    case cubic
    /// sinc(x) · sinc(x / 3) up to 3.
    case lanczos
}

/// The spatial dimensions in other sizes.
///
/// Shape rule: [N, C, …] → [N, C, `outputSizes`]. Each dimension is resampled by itself, with weights that
/// ``taps(_:inputSize:isSinglePrecision:isOfGradient:)`` says.
public struct Resample: Primitive {
    public static let name = "interpolate"
    /// One size for each spatial dimension.
    public let outputSizes: [Int]
    /// Results per element along each dimension where the coordinates follow a scale factor; nil where they follow the
    /// sizes.
    public let scales: [Double?]
    public let filter: ResamplingFilter

    public init(outputSizes: [Int], scales: [Double?], filter: ResamplingFilter) {
        precondition(outputSizes.count == scales.count, "one scale for each size")
        self.outputSizes = outputSizes
        self.scales = scales
        self.filter = filter
    }

    public var gradientName: String {
        let rank = outputSizes.count
        switch filter {
        case .nearest: return "UpsampleNearest\(rank)DBackward0"
        case .nearestExact: return "UpsampleNearestExact\(rank)DBackward0"
        case .linear: return "Upsample\(["L", "Bil", "Tril"][rank - 1])inear\(rank)DBackward0"
        case .cubic: return "UpsampleBicubic2DBackward0"
        case .antialiased(.linear, _): return "UpsampleBilinear2DAaBackward0"
        case .antialiased(.cubic, _): return "UpsampleBicubic2DAaBackward0"
        case .antialiased(.lanczos, _): return "UpsampleLanczos2DAaBackward0"
        case .area where rank == 1: return "SqueezeBackward1"
        case .area: return outputSizes.allSatisfy { $0 == 1 } ? "MeanBackward1" : "AdaptiveAvgPool\(rank)DBackward0"
        }
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let (shape, rank) = (inputs[0].shape, outputSizes.count)
        guard shape.rank == rank + 2, (1...3).contains(rank) else {
            throw TensorError(
                name,
                "the input \(shape.brackets) must have \(rank + 2) dimensions, [N, C, …], for the sizes \(outputSizes)."
            )
        }
        guard inputs[0].dtype.isFloatingPoint else {
            throw TensorError(name, "the input is \(inputs[0].dtype). Cast it to .float32.")
        }
        guard !shape.dimensions.dropFirst().contains(0) else {
            throw TensorError(name, "the input \(shape.brackets) has no elements to resample.")
        }
        guard outputSizes.allSatisfy({ $0 > 0 }) else {
            throw TensorError(
                name, "the sizes \(outputSizes) for the input \(shape.brackets) must be at least 1 in each dimension.")
        }
        return [TensorSpec(Shape(shape.dimensions.prefix(2) + outputSizes), inputs[0].dtype, inputs[0].device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [.record(ResampleGradient(self, inputShape: context.inputSpec(0).shape), context.cotangent())]
    }
}

/// Adds each element of dy, times its weights, to the input elements that it was made of.
///
/// Shape rule: `inputShape`.
public struct ResampleGradient: Primitive {
    public static let name = "interpolate gradient"
    public let resample: Resample
    public let inputShape: Shape

    public init(_ resample: Resample, inputShape: Shape) {
        self.resample = resample
        self.inputShape = inputShape
    }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(inputShape, inputs[0].dtype, inputs[0].device)]
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] { [.record(resample, context.cotangent())] }
}
