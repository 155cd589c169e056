/// x · Wᵀ + b: a matrix product and the sum with the bias.
///
/// Inputs: x [M, K], W [N, K] and b [N]. Shape rule: [M, N].
public struct LinearMap: CompositePrimitive {
    public static let name = "linear"
    public let precision: Precision

    public init(precision: Precision = .current) { self.precision = precision }

    public var name: String { precision.describe(Self.name) }
    public var gradientName: String { "AddmmBackward0" }

    private var product: MatMul { MatMul(transposesRight: true, precision: precision) }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let results = try product.infer(inputs)
        let (bias, features) = (inputs[2], inputs[1].shape[0])
        guard bias.shape.rank == 1, bias.shape[0] == features, bias.dtype == inputs[0].dtype else {
            throw TensorError(
                name, "the bias is \(bias.dtype) \(bias.shape.brackets). Expected \(inputs[0].dtype) [\(features)].")
        }
        return results
    }

    public func expand(
        _ inputs: [Expansion.Operand], into expansion: inout Expansion
    ) throws(TensorError) -> [Expansion.Operand] {
        let product = try expansion.append(product, inputs[0], inputs[1])
        return [try expansion.append(Pointwise(.add), product, inputs[2])]
    }

    public var gradientReads: GradientReads { .inputs(0, 1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let (x, weight, dy) = (context.input(0), context.input(1), context.cotangent())
        let gradient = LinearMapGradient(
            ofInput: context.needs(0), ofWeight: context.needs(1), ofBias: context.needs(2), precision: precision)
        if GradientMode.isEnabled {
            // One by one, since these have gradients.
            let bias = context.needs(2) ? dy.sum(to: context.inputSpec(2).shape) : nil
            return [
                context.needs(0) ? .record(gradient.inputProduct, dy, weight) : nil,
                context.needs(1) ? .record(gradient.weightProduct, dy, x) : nil, bias,
            ]
        }
        var specs: [TensorSpec] = []
        specs.reserveCapacity(3)
        for index in 0..<3 where context.needs(index) { specs.append(context.inputSpec(index)) }
        var results = Tensor.recordGradient(gradient, giving: specs, [dy, x, weight]).makeIterator()
        return [
            context.needs(0) ? results.next() : nil, context.needs(1) ? results.next() : nil,
            context.needs(2) ? results.next() : nil,
        ]
    }
}

/// The gradients of ``LinearMap`` by those of its inputs that need one: dy · W, dyᵀ · x and the sum of dy's rows.
///
/// Inputs: dy [M, N], x [M, K] and W [N, K]. Results, those that are asked for, in order: [M, K], [N, K], [N]. It is
/// recorded where gradients need none themselves.
public struct LinearMapGradient: CompositePrimitive {
    public static let name = "linear gradient"
    public let ofInput: Bool
    public let ofWeight: Bool
    public let ofBias: Bool
    public let precision: Precision

    public init(ofInput: Bool, ofWeight: Bool, ofBias: Bool, precision: Precision) {
        (self.ofInput, self.ofWeight, self.ofBias, self.precision) = (ofInput, ofWeight, ofBias, precision)
    }

    public var name: String { precision.describe(Self.name) }

    var inputProduct: MatMul { MatMul(precision: precision) }
    var weightProduct: MatMul { MatMul(transposesLeft: true, precision: precision) }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let (dy, x, weight) = (inputs[0], inputs[1], inputs[2])
        switch (ofInput, ofWeight, ofBias) {
        case (true, true, true): return [x, weight, bias(dy)]
        case (false, true, true): return [weight, bias(dy)]
        default: return (ofInput ? [x] : []) + (ofWeight ? [weight] : []) + (ofBias ? [bias(dy)] : [])
        }
    }

    private func bias(_ dy: TensorSpec) -> TensorSpec {
        TensorSpec(dy.shape.without(dimension: 0), dy.dtype, dy.device)
    }

    public func expand(
        _ inputs: [Expansion.Operand], into expansion: inout Expansion
    ) throws(TensorError) -> [Expansion.Operand] {
        let (dy, x, weight) = (inputs[0], inputs[1], inputs[2])
        let bias = ofBias ? [try expansion.append(Reduction(.sum, [0], keepDim: false), dy)] : []
        let input = ofInput ? [try expansion.append(inputProduct, dy, weight)] : []
        let product = ofWeight ? [try expansion.append(weightProduct, dy, x)] : []
        return input + product + bias
    }
}
