import ApusEngine
import ApusGraph

/// A table of vectors that are looked up by number (`torch.nn.Embedding`).
///
/// [..] of `int64`, each from 0 to numEmbeddings − 1 → [.., embeddingDim]. A number out of range is an error when the
/// result is computed.
///
/// State: `weight` [numEmbeddings, embeddingDim], drawn from the standard normal distribution; the row `paddingIdx` is
/// 0.
open class Embedding: Module {
    /// The number of rows.
    public let numEmbeddings: Int
    /// The size of each row.
    public let embeddingDim: Int
    /// The row that takes no gradient, counted from 0.
    public let paddingIdx: Int?
    /// Rows that are looked up are scaled down to this norm, in the table itself.
    public let maxNorm: Double?
    /// The p of that norm.
    public let normType: Double
    /// Whether the gradient of a row is divided by the number of times that the row occurs in the input.
    public let scaleGradByFreq: Bool
    /// The table [numEmbeddings, embeddingDim].
    public let weight: Parameter

    /// A table of `numEmbeddings` vectors of `embeddingDim` numbers.
    ///
    /// - Parameters:
    ///   - numEmbeddings: the number of rows, not negative.
    ///   - embeddingDim: the size of each, not negative.
    ///   - paddingIdx: a row that takes no gradient and starts as 0; negative ones count from the end; `nil`, none, by
    ///     default.
    ///   - maxNorm: rows with a larger norm are scaled down to it in the table when they are looked up; `nil`, no
    ///     bound, by default.
    ///   - normType: the p of that norm; `2` by default.
    ///   - scaleGradByFreq: whether the gradient of a row is divided by how often it occurs in the input; `false` by
    ///     default.
    ///   - sparse: gradients are always dense here: true is an error; `false` by default.
    ///
    /// Arguments outside of these ranges are errors (see ``/ApusGraph/withTensorErrors(_:)``).
    public convenience init(
        _ numEmbeddings: Int, _ embeddingDim: Int, paddingIdx: Int? = nil, maxNorm: Double? = nil,
        normType: Double = 2, scaleGradByFreq: Bool = false, sparse: Bool = false
    ) {
        self.init(
            numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse, isFrozen: false
        ) { padding in
            let shape: Shape = [numEmbeddings, embeddingDim]
            var table = Tensor.normal(shape, mean: 0, standardDeviation: 1)
            if let padding { table[padding] = .zeros([embeddingDim]) }
            return table
        }
    }

    /// A table of given vectors (`torch.nn.Embedding.from_pretrained`): [numEmbeddings, embeddingDim] → a layer from
    /// [..] to [.., embeddingDim].
    ///
    /// - Parameters:
    ///   - embeddings: the table, [numEmbeddings, embeddingDim]; the row `paddingIdx` is kept as it is.
    ///   - freeze: whether the table is not trained; `true` by default.
    ///   - paddingIdx: a row that takes no gradient; negative ones count from the end; `nil`, none, by default.
    ///   - maxNorm: rows with a larger norm are scaled down to it in the table when they are looked up; `nil`, no
    ///     bound, by default.
    ///   - normType: the p of that norm; `2` by default.
    ///   - scaleGradByFreq: whether the gradient of a row is divided by how often it occurs in the input; `false` by
    ///     default.
    ///   - sparse: gradients are always dense here: true is an error; `false` by default.
    ///
    /// Another number of dimensions is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public static func fromPretrained(
        _ embeddings: Tensor, freeze: Bool = true, paddingIdx: Int? = nil, maxNorm: Double? = nil,
        normType: Double = 2, scaleGradByFreq: Bool = false, sparse: Bool = false
    ) -> Embedding {
        guard embeddings.rank == 2 else {
            let poisoned = Tensor.refuse(
                TensorError(
                    "Embedding.fromPretrained",
                    "the embeddings \(embeddings.shape.brackets) have \(embeddings.rank) dimensions. Expected 2, "
                        + "[numEmbeddings, embeddingDim]."))
            return Embedding(0, 0, nil, nil, 2, false, false, isFrozen: freeze) { _ in poisoned }
        }
        return Embedding(
            embeddings.shape[0], embeddings.shape[1], paddingIdx, maxNorm, normType, scaleGradByFreq, sparse,
            isFrozen: freeze
        ) { _ in embeddings }
    }

    private init(
        _ numEmbeddings: Int, _ embeddingDim: Int, _ paddingIdx: Int?, _ maxNorm: Double?, _ normType: Double,
        _ scaleGradByFreq: Bool, _ sparse: Bool, isFrozen: Bool, _ table: (Int?) -> Tensor
    ) {
        (self.numEmbeddings, self.embeddingDim) = (numEmbeddings, embeddingDim)
        (self.maxNorm, self.normType, self.scaleGradByFreq) = (maxNorm, normType, scaleGradByFreq)
        var arguments = LayerArguments(of: "Embedding")
        arguments.require(numEmbeddings, "numEmbeddings", atLeast: 0)
        arguments.require(embeddingDim, "embeddingDim", atLeast: 0)
        arguments.require(!sparse, "sparse: true is not supported: gradients are dense here. Leave it out.")
        if let paddingIdx {
            arguments.require(
                paddingIdx >= -numEmbeddings && paddingIdx < numEmbeddings,
                "paddingIdx is \(paddingIdx). It must be from \(-numEmbeddings) to \(numEmbeddings - 1), a row of the "
                    + "\(numEmbeddings) there are.")
        }
        let padding = paddingIdx.map { $0 < 0 ? $0 + numEmbeddings : $0 }
        self.paddingIdx = padding
        weight = arguments.parameter { table(padding) }
        super.init()
        weight.requiresGrad = !isFrozen
    }

    override open func forward(_ input: Tensor) -> Tensor {
        guard input.dtype == .int64 else {
            return .refuse(
                TensorError(
                    "Embedding",
                    "the input is \(input.dtype). Rows are looked up by int64 numbers: use .cast(to: .int64)."),
                like: [input])
        }
        if let maxNorm { bound(rowsOf: input, to: maxNorm) }
        let rows = IndexSelect(0, frozenPosition: paddingIdx, averagesGradient: scaleGradByFreq)
        let found = Tensor.record(
            rows, [weight.tensor, input.reshape(input.count)], gradientName: "EmbeddingBackward0")[0]
        return found.reshape(Shape(input.shape.dimensions + [embeddingDim])).withGradientName("EmbeddingBackward0")
    }

    /// Scales the rows that are looked up down to a norm, in the table.
    private func bound(rowsOf input: Tensor, to maxNorm: Double) {
        noGrad {
            let table = weight.data
            let flat = input.reshape(input.count)
            // PyTorch scales rows beyond the bound by maxNorm / (norm + 1e-7).
            let lengths = table.norm(normType, dim: 1, keepdim: true)
            let isFound = Tensor.zeros([numEmbeddings], dtype: table.dtype)
                .indexAdd(dim: 0, flat, .ones([input.count], dtype: table.dtype)).unsqueeze(dim: 1)
            let isLong = (lengths .> maxNorm).logicalAnd(isFound .> 0)
            weight.data = (table * (maxNorm / (lengths + 1e-7))).where(isLong, else: table)
        }
    }

    override open var extraDescription: String {
        var text = "\(numEmbeddings), \(embeddingDim)"
        if let paddingIdx { text += ", padding_idx=\(paddingIdx)" }
        if let maxNorm { text += ", max_norm=\(PythonText.of(maxNorm))" }
        if normType != 2 { text += ", norm_type=\(PythonText.of(normType))" }
        if scaleGradByFreq { text += ", scale_grad_by_freq=True" }
        return text
    }
}
