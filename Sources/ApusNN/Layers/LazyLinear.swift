import ApusGraph

/// A ``Linear`` whose `inFeatures` is that of its first batch (`torch.nn.LazyLinear`).
///
/// [.., in] → [.., out]. `weight` and `bias` have no elements before the first call: run one batch, or load a state
/// dictionary, before they are given to an optimizer or saved. With the first call the layer becomes a `Linear`, and is
/// printed as one.
open class LazyLinear: Linear {
    /// A layer to `outFeatures`.
    ///
    /// - Parameters:
    ///   - outFeatures: the size of the result's last dimension, not negative.
    ///   - bias: whether a learnt number is added to each output; `true` by default.
    ///
    /// A negative number is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(_ outFeatures: Int, bias: Bool = true) {
        super.init(lazy: "LazyLinear", outFeatures, bias: bias)
    }

    override open func forward(_ input: Tensor) -> Tensor {
        if isLazy {
            // After an error there is no batch to learn from.
            if input.value.node.isPoisoned { return .poisoned(like: [input]) }
            if let error = initialize(for: input) { return .refuse(error, like: [input]) }
        }
        return super.forward(input)
    }

    override open var typeName: String { isLazy ? super.typeName : "Linear" }

    /// Takes `inFeatures` from a state dictionary that was loaded, or else from the input.
    private func initialize(for input: Tensor) -> TensorError? {
        guard let features = input.shape.dimensions.last, input.dtype.isFloatingPoint else {
            return TensorError(
                typeName,
                "the first batch is \(input.shape.brackets) of \(input.dtype). Expected [.., in_features] of .float32 "
                    + "or .float64.")
        }
        adopt(inFeatures: weight.isInitialized ? weight.shape[1] : features)
        return nil
    }
}
