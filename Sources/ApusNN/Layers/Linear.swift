import ApusGraph

/// A fully connected layer, x · Wᵀ + b (`torch.nn.Linear`).
///
/// [.., in] → [.., out]. State: `weight` [out, in] and `bias` [out], both drawn evenly from ±1 / √in (PyTorch's
/// default: Kaiming-uniform with a = √5).
open class Linear: Module {
    public let inFeatures: Int
    public let outFeatures: Int
    public let weight: Parameter
    public let bias: Parameter?

    /// A layer from `inFeatures` to `outFeatures`; a negative number is an error (see ``withTensorErrors(_:)``).
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

    override open func forward(_ input: Tensor) -> Tensor {
        guard input.shape.dimensions.last == inFeatures else { return .refuse(mismatch(input), like: [input]) }
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
