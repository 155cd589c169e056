import ApusGraph

/// A fully connected layer, x · Wᵀ + b (`torch.nn.Linear`).
///
/// [.., in] → [.., out], with any leading dimensions.
///
/// State: `weight` [out, in] and `bias` [out], both drawn evenly from ±1 / √in (PyTorch's
/// default: Kaiming-uniform with a = √5).
open class Linear: Module {
    /// The size of the last dimension of the input; 0 for a ``LazyLinear`` before its first batch.
    public private(set) var inFeatures: Int
    /// The size of the last dimension of the result.
    public let outFeatures: Int
    /// The weights [out, in].
    public let weight: Parameter
    /// The bias [out]; nil where there is none.
    public let bias: Parameter?
    /// Whether the first batch is to say what ``inFeatures`` is.
    private(set) var isLazy = false

    /// A layer from `inFeatures` to `outFeatures`.
    ///
    /// - Parameters:
    ///   - inFeatures: the size of the input's last dimension, not negative.
    ///   - outFeatures: that of the result's, not negative.
    ///   - bias: whether a learnt number is added to each output; `true` by default.
    ///
    /// A negative number is an error (see ``/ApusGraph/withTensorErrors(_:)``), and so is an input with another last
    /// size when the layer is called.
    public init(_ inFeatures: Int, _ outFeatures: Int, bias: Bool = true) {
        (self.inFeatures, self.outFeatures) = (inFeatures, outFeatures)
        var arguments = LayerArguments(of: "Linear")
        arguments.require(inFeatures, "inFeatures", atLeast: 0)
        arguments.require(outFeatures, "outFeatures", atLeast: 0)
        let shape: Shape = [outFeatures, inFeatures]
        weight = arguments.parameter { Initializer.defaultWeight(shape) }
        self.bias = bias ? arguments.parameter { Initializer.defaultBias(outFeatures, of: shape) } : nil
        super.init()
    }

    /// A layer that takes ``inFeatures`` from its first batch.
    init(lazy name: String, _ outFeatures: Int, bias: Bool) {
        (inFeatures, self.outFeatures) = (0, outFeatures)
        var arguments = LayerArguments(of: name)
        arguments.require(outFeatures, "outFeatures", atLeast: 0)
        isLazy = arguments.areValid
        weight = arguments.parameter(uninitialized: [outFeatures, nil])
        self.bias = bias ? arguments.parameter(uninitialized: [outFeatures]) : nil
        super.init()
    }

    /// Ends the laziness: draws what no state dictionary has set.
    func adopt(inFeatures: Int) {
        (self.inFeatures, isLazy) = (inFeatures, false)
        let shape: Shape = [outFeatures, inFeatures]
        weight.initialize { Initializer.defaultWeight(shape) }
        bias?.initialize { Initializer.defaultBias(outFeatures, of: shape) }
    }

    override open func forward(_ input: Tensor) -> Tensor {
        guard input.shape.last == inFeatures else { return .refuse(mismatch(input), like: [input]) }
        return input.linear(weight.tensor, bias?.tensor)
    }

    private func mismatch(_ input: Tensor) -> TensorError {
        let operation = "Linear(in_features: \(inFeatures))"
        guard let features = input.shape.dimensions.last else {
            return TensorError(operation, "the input is a scalar. Expected [.., \(inFeatures)].")
        }
        let origin = Self.flattenedSizes(input).map { " (\($0) after flatten)" } ?? ""
        return TensorError(
            operation,
            "the input has \(features) features\(origin). Expected in_features: \(features). The input is "
                + "\(input.shape.brackets), the weight \(weight.shape.brackets).")
    }

    /// `64×3×3` where the input was made by flattening [N, 64, 3, 3]; nil where that is not known.
    private static func flattenedSizes(_ input: Tensor) -> String? {
        guard case .pending(let primitive, let sources) = input.value.node.work, primitive is Reshape,
            let source = sources.first?.spec.shape, source.rank > input.rank
        else { return nil }
        let joined = source.dimensions.dropFirst(input.rank - 1)
        guard joined.count > 1, joined.reduce(1, *) == input.shape.dimensions.last else { return nil }
        return joined.map(String.init).joined(separator: "×")
    }

    override open var extraDescription: String {
        "in_features=\(inFeatures), out_features=\(outFeatures), bias=\(PythonText.of(bias != nil))"
    }
}
