/// The attributes of a convolution: one entry per spatial dimension, outermost first.
///
/// A negative ``paddingAfter`` takes the last elements away: those that a transposed convolution adds by its output
/// padding, which no window of the other direction reaches.
public struct ConvolutionGeometry: Sendable, Hashable {
    private struct Attributes: Hashable, Sendable {
        var stride: [Int]
        var paddingBefore: [Int]
        var paddingAfter: [Int]
        var dilation: [Int]
        var groups: Int
    }

    // A layer hands its geometry to each convolution that it records.
    private var attributes: SharedValue<Attributes>

    public var stride: [Int] {
        get { attributes.value.stride }
        set { attributes.value.stride = newValue }
    }
    public var paddingBefore: [Int] {
        get { attributes.value.paddingBefore }
        set { attributes.value.paddingBefore = newValue }
    }
    public var paddingAfter: [Int] {
        get { attributes.value.paddingAfter }
        set { attributes.value.paddingAfter = newValue }
    }
    public var dilation: [Int] {
        get { attributes.value.dilation }
        set { attributes.value.dilation = newValue }
    }
    public var groups: Int {
        get { attributes.value.groups }
        set { attributes.value.groups = newValue }
    }

    public init(stride: [Int], paddingBefore: [Int], paddingAfter: [Int], dilation: [Int], groups: Int) {
        attributes = SharedValue(
            Attributes(
                stride: stride, paddingBefore: paddingBefore, paddingAfter: paddingAfter, dilation: dilation,
                groups: groups))
    }

    public var spatialRank: Int { stride.count }

    /// ⌊(W + p₀ + p₁ − d · (F − 1) − 1) / S⌋ + 1 along one spatial dimension; 0 or less where the kernel does not fit.
    public func outputSize(_ input: Int, kernel: Int, _ dimension: Int) -> Int {
        let padded = input + paddingBefore[dimension] + paddingAfter[dimension]
        let span = padded - dilation[dimension] * (kernel - 1) - 1
        return span < 0 ? 0 : span / stride[dimension] + 1
    }

    /// (W − 1) · S − p₀ − p₁ + d · (F − 1) + 1: the smallest input of which a convolution makes `output` elements.
    public func inputSize(_ output: Int, kernel: Int, _ dimension: Int) -> Int {
        (output - 1) * stride[dimension] - paddingBefore[dimension] - paddingAfter[dimension]
            + dilation[dimension] * (kernel - 1) + 1
    }

    /// Whether ``check(_:_:bias:outputs:operation:)`` has nothing to refuse: asked in each step, without what only its
    /// messages need.
    private func isRegular(_ x: TensorSpec, _ weight: TensorSpec, bias: TensorSpec?, outputs: Int) -> Bool {
        func areAll(_ values: [Int], atLeast least: Int) -> Bool {
            for value in values where value < least { return false }
            return true
        }
        let sizes = weight.shape
        guard x.shape.rank == spatialRank + 2, sizes.rank == spatialRank + 2, x.dtype == weight.dtype,
            x.dtype.isFloatingPoint, areAll(stride, atLeast: 1), areAll(dilation, atLeast: 1),
            areAll(paddingBefore, atLeast: 0), groups >= 1, sizes[0] % groups == 0
        else { return false }
        for dimension in 2..<sizes.rank where sizes[dimension] < 1 { return false }
        guard let bias else { return true }
        return bias.shape.rank == 1 && bias.shape[0] == outputs && bias.dtype == weight.dtype
    }

    /// Refuses types and attributes that no convolution has, in either direction.
    func check(
        _ x: TensorSpec, _ weight: TensorSpec, bias: TensorSpec?, outputs: Int,
        operation: @autoclosure () -> String
    ) throws(TensorError) {
        let rank = spatialRank
        if isRegular(x, weight, bias: bias, outputs: outputs) { return }
        let name = operation()
        for (what, spec) in [("input", x), ("weight", weight)] where spec.shape.rank != rank + 2 {
            let names = what == "input" ? "[N, C, …]" : "[out, in, …]"
            throw TensorError(
                name, "the \(what) \(spec.shape.brackets) must have \(rank + 2) dimensions: \(names).")
        }
        guard x.dtype == weight.dtype, x.dtype.isFloatingPoint else {
            throw TensorError(
                name, "the input is \(x.dtype), the weight \(weight.dtype). Cast the input to \(weight.dtype).")
        }
        for (what, values, least) in [
            ("stride", stride, 1), ("dilation", dilation, 1), ("padding", paddingBefore, 0), ("groups", [groups], 1),
            ("kernel size", Array(weight.shape.dimensions.dropFirst(2)), 1),
        ] where values.contains(where: { $0 < least }) {
            throw TensorError(name, "the \(what) \(values) must be at least \(least).")
        }
        guard weight.shape[0] % groups == 0 else {
            throw TensorError(
                name,
                "the first dimension of the weight \(weight.shape.brackets) is not a multiple of groups: \(groups). "
                    + "Each group takes an equal part of the channels.")
        }
        if let bias, bias.shape != [outputs] || bias.dtype != weight.dtype {
            throw TensorError(
                name,
                "the bias is \(bias.shape.brackets) of \(bias.dtype). Expected [\(outputs)] of \(weight.dtype): one "
                    + "number for each output channel of the weight \(weight.shape.brackets).")
        }
    }
}

/// A convolution (cross-correlation) in 1, 2 or 3 spatial dimensions, with or without bias.
///
/// Inputs: x [N, C, …], weight [O, C / groups, …] and optionally bias [O].
/// Shape rule: [N, O, …] with ⌊(W + p₀ + p₁ − d · (F − 1) − 1) / S⌋ + 1 along each spatial dimension.
public struct Convolution: Primitive {
    public static let name = "convolution"
    public let geometry: ConvolutionGeometry
    public let precision: Precision

    public init(_ geometry: ConvolutionGeometry, precision: Precision = .full) {
        (self.geometry, self.precision) = (geometry, precision)
    }

    public var name: String { precision.describe(Self.name) }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let (x, weight) = (inputs[0], inputs[1])
        let rank = geometry.spatialRank
        var name: String { "conv\(rank)d" }
        try geometry.check(
            x, weight, bias: inputs.count > 2 ? inputs[2] : nil, outputs: weight.shape.first ?? 0,
            operation: name)
        let channels = x.shape[1]
        let expected = weight.shape[1] * geometry.groups
        guard channels == expected else {
            throw TensorError(
                name,
                "the input \(x.shape.brackets) has \(channels) channels, the weight \(weight.shape.brackets)"
                    + (geometry.groups > 1 ? " with \(geometry.groups) groups" : "") + " takes \(expected). "
                    + "Expected in_channels: \(channels).")
        }
        var sizes = Shape(x.shape[0], weight.shape[0])
        for dimension in 0..<rank {
            let (size, kernel) = (x.shape[dimension + 2], weight.shape[dimension + 2])
            let result = geometry.outputSize(size, kernel: kernel, dimension)
            guard result >= 1, size > 0 else {
                let (before, after) = (geometry.paddingBefore[dimension], geometry.paddingAfter[dimension])
                throw TensorError(
                    name,
                    "the kernel \(weight.shape.brackets) does not fit the input \(x.shape.brackets): along "
                        + "spatial dimension \(dimension) [(\(size) + \(before) + \(after) − "
                        + "\(geometry.dilation[dimension]) · (\(kernel) − 1) − 1) / \(geometry.stride[dimension])] + 1 "
                        + "is less than 1. Use a smaller kernel, more padding or a larger input.")
            }
            sizes.append(result)
        }
        return [TensorSpec(sizes, x.dtype, x.device)]
    }

    public var gradientReads: GradientReads { .inputs(0, 1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let dy = context.cotangent()
        let hasBias = context.inputCount == 3
        let needsBias = hasBias && context.needs(2)
        if context.needs(0), context.needs(1), !GradientMode.isEnabled {
            let primitive = ConvolutionGradient(geometry, withBias: needsBias, precision: precision)
            let (x, weight) = (context.inputSpec(0), context.inputSpec(1))
            let results = Tensor.recordGradient(
                primitive, giving: needsBias ? [x, weight, context.inputSpec(2)] : [x, weight],
                [dy, context.input(0), context.input(1)])
            return [results[0], results[1], needsBias ? results[2] : nil]
        }
        var gradients: [Tensor?] = hasBias ? [nil, nil, nil] : [nil, nil]
        if context.needs(0) {
            let primitive = ConvolutionInputGradient(
                geometry, inputShape: context.inputSpec(0).shape, precision: precision)
            gradients[0] = .record(primitive, dy, context.input(1))
        }
        if context.needs(1) {
            let primitive = ConvolutionWeightGradient(
                geometry, weightShape: context.inputSpec(1).shape, withBias: needsBias, precision: precision)
            let results = Tensor.record(primitive, [context.input(0), dy])
            gradients[1] = results[0]
            if needsBias, results.count > 1 { gradients[2] = results[1] }
        } else if needsBias {
            gradients[2] = dy.sum(dim: [0] + Array(2..<dy.rank))
        }
        return gradients
    }
}

/// The gradient of a convolution by its input; also the transposed convolution, which may have a bias.
///
/// Inputs: dy [N, O, …], weight [O, C / groups, …] and optionally bias [C]. Shape rule: `inputShape` [N, C, …].
public struct ConvolutionInputGradient: Primitive {
    public static let name = "convolution input gradient"
    public let geometry: ConvolutionGeometry
    public let inputShape: Shape
    public let precision: Precision

    public init(_ geometry: ConvolutionGeometry, inputShape: Shape, precision: Precision = .full) {
        (self.geometry, self.inputShape, self.precision) = (geometry, inputShape, precision)
    }

    public var name: String { precision.describe(Self.name) }

    public var gradientName: String { "ConvolutionBackwardBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        [TensorSpec(inputShape, inputs[0].dtype, inputs[0].device)]
    }

    public var gradientReads: GradientReads { .inputs(0, 1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let g = context.cotangent()
        let weightGradient = ConvolutionWeightGradient(
            geometry, weightShape: context.inputSpec(1).shape, withBias: false, precision: precision)
        var gradients: [Tensor?] = [
            context.needs(0) ? .record(Convolution(geometry, precision: precision), g, context.input(1)) : nil,
            context.needs(1) ? .record(weightGradient, g, context.input(0)) : nil,
        ]
        if context.inputCount == 3 {
            gradients.append(context.needs(2) ? g.sum(dim: [0] + Array(2..<g.rank)) : nil)
        }
        return gradients
    }
}

/// The gradients of a convolution by its weight and, where asked for, its bias.
///
/// Inputs: x [N, C, …] and dy [N, O, …]. Shape rule: `weightShape` [O, C / groups, …] and [O].
public struct ConvolutionWeightGradient: Primitive {
    public static let name = "convolution weight gradient"
    public let geometry: ConvolutionGeometry
    public let weightShape: Shape
    public let withBias: Bool
    public let precision: Precision

    public init(
        _ geometry: ConvolutionGeometry, weightShape: Shape, withBias: Bool, precision: Precision = .full
    ) {
        (self.geometry, self.weightShape, self.withBias) = (geometry, weightShape, withBias)
        self.precision = precision
    }

    public var name: String { precision.describe(Self.name) }

    public var gradientName: String { "ConvolutionBackwardBackward0" }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        let weight = TensorSpec(weightShape, inputs[0].dtype, inputs[0].device)
        guard withBias else { return [weight] }
        return [weight, TensorSpec([weightShape[0]], inputs[0].dtype, inputs[0].device)]
    }

    public var gradientReads: GradientReads { .inputs(0, 1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let g = context.cotangent(0)
        let (x, dy) = (context.input(0), context.input(1))
        let inputGradient = ConvolutionInputGradient(geometry, inputShape: x.shape, precision: precision)
        var forward = [x, g]
        if withBias, context.hasCotangent(1) { forward.append(context.cotangent(1)) }
        return [
            context.needs(0) ? .record(inputGradient, dy, g) : nil,
            context.needs(1) ? Tensor.record(Convolution(geometry, precision: precision), forward)[0] : nil,
        ]
    }
}

extension Tensor {
    /// A convolution (`torch.nn.functional.conv2d` and its kin; the number of spatial dimensions is that of the
    /// geometry): [N, C, …] or [C, …] → [N, O, …] with ⌊(W + p₀ + p₁ − d · (F − 1) − 1) / S⌋ + 1 along each spatial
    /// dimension.
    ///
    /// - Parameters:
    ///   - weight: [O, C / groups, …].
    ///   - bias: [O]; `nil`, none, by default.
    ///   - geometry: stride, padding, dilation and groups.
    public func convolution(_ weight: Tensor, _ bias: Tensor? = nil, geometry: ConvolutionGeometry) -> Tensor {
        let isUnbatched = rank == geometry.spatialRank + 1
        let batched = isUnbatched ? unsqueeze(dim: 0) : self
        let convolution = Convolution(geometry, precision: .current)
        let result = Tensor.recordOne(convolution, bias.map { [batched, weight, $0] } ?? [batched, weight])
        return isUnbatched ? result.squeeze(dim: 0) : result
    }

    /// The transposed convolution (`torch.nn.functional.conv_transpose2d` and its kin): [N, C, …] or [C, …] → [N, O, …]
    /// with (W − 1) · S − p₀ − p₁ + d · (F − 1) + 1 along each spatial dimension.
    ///
    /// It is the gradient of a convolution by its input: the result is the smallest of which that convolution, whose
    /// attributes `geometry` holds, makes the sizes of this tensor. An output padding is subtracted from
    /// `paddingAfter`.
    ///
    /// - Parameters:
    ///   - weight: [C, O / groups, …].
    ///   - bias: [O]; `nil`, none, by default.
    ///   - geometry: stride, padding, dilation and groups of that convolution.
    public func transposedConvolution(
        _ weight: Tensor, _ bias: Tensor? = nil, geometry: ConvolutionGeometry
    ) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            if value.node.isPoisoned || weight.value.node.isPoisoned || bias?.value.node.isPoisoned == true {
                return .poisoned(like: [self])
            }
            let isUnbatched = rank == geometry.spatialRank + 1
            let batched = isUnbatched ? unsqueeze(dim: 0) : self
            let shape = try geometry.transposedShape(batched.spec, weight.spec, bias: bias?.spec)
            let result = Tensor.record(
                ConvolutionInputGradient(geometry, inputShape: shape, precision: .current),
                [batched, weight] + (bias.map { [$0] } ?? []), gradientName: Convolution(geometry).gradientName)[0]
            return isUnbatched ? result.squeeze(dim: 0) : result
        }
    }
}

extension ConvolutionGeometry {
    /// The shape rule of a transposed convolution of x [N, C, …] with a weight [C, O / groups, …].
    fileprivate func transposedShape(
        _ x: TensorSpec, _ weight: TensorSpec, bias: TensorSpec?
    ) throws(TensorError) -> Shape {
        let name = "conv_transpose\(spatialRank)d"
        let outputs = weight.shape.rank > 1 ? weight.shape[1] * groups : 0
        try check(x, weight, bias: bias, outputs: outputs, operation: name)
        guard x.shape[1] == weight.shape[0] else {
            throw TensorError(
                name,
                "the input \(x.shape.brackets) has \(x.shape[1]) channels, the weight \(weight.shape.brackets) takes "
                    + "\(weight.shape[0]). Expected in_channels: \(x.shape[1]).")
        }
        var sizes = [x.shape[0], outputs]
        for dimension in 0..<spatialRank {
            let (size, kernel) = (x.shape[dimension + 2], weight.shape[dimension + 2])
            let result = inputSize(size, kernel: kernel, dimension)
            guard result >= 1, size >= 1 else {
                throw TensorError(
                    name,
                    "the padding leaves nothing of the input \(x.shape.brackets) and the kernel "
                        + "\(weight.shape.brackets): along spatial dimension \(dimension) (\(size) − 1) · "
                        + "\(stride[dimension]) − \(paddingBefore[dimension]) − \(paddingAfter[dimension]) + "
                        + "\(dilation[dimension]) · (\(kernel) − 1) + 1 is \(result). Use less padding, a larger "
                        + "kernel or a larger input.")
            }
            sizes.append(result)
        }
        return Shape(sizes)
    }
}
