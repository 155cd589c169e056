/// a · σ(b), where a and b are the halves of the input along a dimension.
///
/// Shape rule: the size of `dimension` is even, and halved.
public struct GatedLinearUnit: Primitive {
    public static let name = "glu"
    public let dimension: Int

    public init(dimension: Int) { self.dimension = dimension }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] {
        guard inputs[0].dtype.isFloatingPoint else {
            throw TensorError(name, "the input is \(inputs[0].dtype). Cast it to .float32.")
        }
        var sizes = inputs[0].shape.dimensions
        guard sizes[dimension].isMultiple(of: 2) else {
            throw TensorError(
                name,
                "the input \(inputs[0].shape.brackets) is cut in halves along dimension \(dimension), whose size "
                    + "\(sizes[dimension]) is odd. Choose a dimension of an even size.")
        }
        sizes[dimension] /= 2
        return [TensorSpec(Shape(sizes), inputs[0].dtype, inputs[0].device)]
    }

    public var gradientReads: GradientReads { .inputs(0) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        [.record(GatedLinearUnitGradient(self), context.input(0), context.cotangent())]
    }
}

/// The gradient of ``GatedLinearUnit`` (inputs: its input, and dy): dy · σ(b) and dy · a · σ′(b), one after the other.
public struct GatedLinearUnitGradient: Primitive {
    public static let name = "glu gradient"
    public let unit: GatedLinearUnit

    public init(_ unit: GatedLinearUnit) { self.unit = unit }

    public func infer(_ inputs: [TensorSpec]) throws(TensorError) -> [TensorSpec] { [inputs[0]] }

    public var gradientReads: GradientReads { .inputs(0, 1) }

    public func gradient(_ context: GradientContext) -> [Tensor?] {
        let (x, dy, g) = (context.input(0), context.input(1), context.cotangent())
        let half = dy.shape[unit.dimension]
        func halves(_ tensor: Tensor) -> (Tensor, Tensor) {
            (
                tensor.narrow(dim: unit.dimension, start: 0, length: half),
                tensor.narrow(dim: unit.dimension, start: half, length: half)
            )
        }
        let ((a, b), (ga, gb)) = (halves(x), halves(g))
        let sigmoid = b.sigmoid()
        let slope = sigmoid * (-b).sigmoid()
        let byInput = Tensor.cat(
            [gb * dy * slope, dy * slope * (ga + gb * a * (1 - sigmoid * 2))], dim: unit.dimension)
        return [context.needs(0) ? byInput : nil, context.needs(1) ? ga * sigmoid + gb * a * slope : nil]
    }
}

extension Tensor {
    /// a · σ(b), where a and b are the first and the second half along `dim` (`torch.nn.functional.glu`; Dauphin et al.
    /// 2017).
    ///
    /// […, 2n, …] → […, n, …]; an odd size is an error.
    ///
    /// - Parameters:
    ///   - dim: the dimension that is halved; negative ones count from the end; `-1` by default.
    public func glu(dim: Int = -1) -> Tensor {
        .checked(like: [self]) { () throws(TensorError) in
            guard rank > 0 else {
                throw TensorError("glu", "a scalar cannot be cut in halves. Expected at least one dimension.")
            }
            return .record(GatedLinearUnit(dimension: try shape.resolve(dimension: dim, operation: "glu")), self)
        }
    }
}
