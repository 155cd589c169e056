/// Normalisation of neighbouring elements by their own mean and variance, then scale and shift: layer norm (Ba, Kiros &
/// Hinton 2016), group norm (Wu & He 2018), instance norm (Ulyanov et al. 2016) and RMS norm (Zhang & Sennrich 2019).
///
/// The input is seen as [rows / groups, groups, channels, run]; a row is one group's channels · run elements.
/// Inputs: x of at least one element and, where `hasScale` and `hasShift`, γ and β of groups · channels elements, each
/// for `run` neighbours. Results: y like x, and of each row the mean, the variance (biased: divided by the number of
/// elements) and 1 / √(variance + ε). Without `subtractsMean` the mean counts as 0.
public struct RowNormalization: Primitive {
    public static let name = "row normalization"
    public let groups: Int
    public let channels: Int
    public let run: Int
    public let epsilon: Double
    public let subtractsMean: Bool
    public let hasScale: Bool
    public let hasShift: Bool

    public init(
        groups: Int, channels: Int, run: Int, epsilon: Double, subtractsMean: Bool = true, hasScale: Bool,
        hasShift: Bool
    ) {
        (self.groups, self.channels, self.run) = (groups, channels, run)
        (self.epsilon, self.subtractsMean) = (epsilon, subtractsMean)
        (self.hasScale, self.hasShift) = (hasScale, hasShift)
    }

    /// The number of elements that are normalised together.
    public var rowLength: Int { channels * run }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let x = inputs[0]
        let count = x.shape.elementCount
        guard x.dtype.isFloatingPoint else {
            throw TensorError(name, "the input is \(x.dtype). Cast it to .float32.")
        }
        guard count > 0, groups > 0, rowLength > 0, count % (groups * rowLength) == 0 else {
            throw TensorError(
                name,
                "the input \(x.shape.brackets) has \(count) elements, which are not whole rows of \(groups) groups, "
                    + "\(channels) channels and \(run) elements each.")
        }
        for parameter in inputs.dropFirst() {
            guard parameter.shape.elementCount == groups * channels else {
                throw TensorError(
                    name,
                    "the scale or shift \(parameter.shape.brackets) has \(parameter.shape.elementCount) elements. "
                        + "Expected \(groups * channels): one for each channel.")
            }
            guard parameter.dtype == x.dtype else {
                throw TensorError(name, "the input is \(x.dtype), the scale or shift \(parameter.dtype). Cast one.")
            }
        }
        let perRow = TensorSpec([count / rowLength], x.dtype, x.device)
        return [x, perRow, perRow, perRow]
    }

    public var gradientReads: GradientReads {
        GradientReads(inputs: hasScale ? [0, 1] : [0], outputs: [1, 3])
    }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        let x = context.input(0)
        let scale = hasScale ? [context.input(1)] : []
        // The fused gradient has no gradient of its own; one that will be differentiated is made of simple operations.
        guard GradientMode.isEnabled else {
            let inputs = [dy, x, context.output(1), context.output(3)] + scale
            let results = Tensor.record(RowNormalizationGradient(self), inputs)
            guard results.count == 3 else { return [results[0]] + (1..<context.inputCount).map { _ in nil } }
            let parameters = (hasScale ? [results[1]] : []) + (hasShift ? [results[2]] : [])
            return [results[0]]
                + parameters.enumerated().map { $1.reshape(context.inputSpec($0 + 1).shape) }
        }
        let parts: Shape = [x.count / (groups * rowLength), groups, channels, run]
        let (x4, dy4) = (x.reshape(parts), dy.reshape(parts))
        let centred = subtractsMean ? x4 - x4.mean(dim: [2, 3], keepdim: true) : x4
        let inverse = (centred.square().mean(dim: [2, 3], keepdim: true) + epsilon).rsqrt()
        let normalized = centred * inverse
        let g = hasScale ? dy4 * scale[0].reshape([groups, channels, 1]) : dy4
        var rest = g - normalized * (g * normalized).mean(dim: [2, 3], keepdim: true)
        if subtractsMean { rest = rest - g.mean(dim: [2, 3], keepdim: true) }
        var gradients: [Tensor?] = [(rest * inverse).reshape(x.shape)]
        if hasScale { gradients.append((dy4 * normalized).sum(dim: [0, 3]).reshape(context.inputSpec(1).shape)) }
        if hasShift {
            let index = gradients.count
            gradients.append(dy4.sum(dim: [0, 3]).reshape(context.inputSpec(index).shape))
        }
        return gradients
    }
}

/// The gradients of ``RowNormalization``.
///
/// Inputs: dy and x, of each row the mean and 1 / √(variance + ε), and γ where there is one. Results: dx like x, and
/// dγ and dβ [groups · channels].
/// dx = inverse · (g − mean(g) − x̂ · mean(g · x̂)) with g = γ · dy, without mean(g) where no mean was subtracted.
public struct RowNormalizationGradient: Primitive {
    public static let name = "row normalization gradient"
    public let normalization: RowNormalization

    public init(_ normalization: RowNormalization) { self.normalization = normalization }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let perChannel = TensorSpec(
            [normalization.groups * normalization.channels], inputs[1].dtype, inputs[1].device)
        return [inputs[1], perChannel, perChannel]
    }
}
