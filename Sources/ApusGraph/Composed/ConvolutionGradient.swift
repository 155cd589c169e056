/// The gradients of a convolution by its input, its weight and, where asked for, its bias: ``ConvolutionInputGradient`` and
/// ``ConvolutionWeightGradient``.
///
/// Inputs: dy [N, O, …], x [N, C, …] and the weight [O, C / groups, …]. Results: the shapes of x and of the weight, and
/// [O]. It is recorded where gradients need none themselves.
public struct ConvolutionGradient: CompositePrimitive {
    public static let name = "convolution gradient"
    public let geometry: ConvolutionGeometry
    public let withBias: Bool
    public let precision: Precision

    public init(_ geometry: ConvolutionGeometry, withBias: Bool, precision: Precision) {
        (self.geometry, self.withBias, self.precision) = (geometry, withBias, precision)
    }

    public var name: String { precision.describe(Self.name) }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let (dy, x, weight) = (inputs[0], inputs[1], inputs[2])
        guard withBias else { return [x, weight] }
        var channels: Shape = []
        channels.append(dy.shape[1])
        return [x, weight, TensorSpec(channels, dy.dtype, dy.device)]
    }

    public func expand(
        _ inputs: [Expansion.Operand], into expansion: inout Expansion
    ) throws(TensorError) -> [Expansion.Operand] {
        let (dy, x, weight) = (inputs[0], inputs[1], inputs[2])
        let byInput = ConvolutionInputGradient(
            geometry, inputShape: expansion.specs[x].shape, precision: precision)
        let byWeight = ConvolutionWeightGradient(
            geometry, weightShape: expansion.specs[weight].shape, withBias: withBias, precision: precision)
        let gradient = try expansion.append(byInput, dy, weight)
        return [gradient] + (try expansion.append(byWeight, [x, dy]))
    }
}
