import ApusGraph

/// The cross-entropy of logits and classes, or class probabilities (`torch.nn.functional.cross_entropy`).
///
/// With p = softmax(x) over the classes and classes t: ℓₙ = −w[tₙ] · log p[n, tₙ], 0 where tₙ is `ignoreIndex`; the
/// mean is Σ ℓₙ / Σ w[tₙ] over what is not ignored. With probabilities q: ℓₙ = −Σ_c w[c] · q[n, c] · log p[n, c]; the
/// mean is over all samples and positions. Label smoothing s replaces the true distribution by (1 − s) times itself
/// plus s / C.
///
/// - Parameters:
///   - input: logits x: [N, C], [N, C, d₁, …] or [C].
///   - target: classes t in 0 ..< C, `int64` or `uint8`, of the input's shape without C; beside [C] also [1]. One
///     outside is an error when the loss is computed. Or probabilities, real, of the input's shape.
///   - weight: a factor w for each class, [C]; `nil`, none, by default.
///   - ignoreIndex: the class of samples that do not count; `-100` by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///   - labelSmoothing: s, 0 to 1; `0` by default.
///
/// Shapes, types or arguments that do not fit are an error (see ``/ApusGraph/withTensorErrors(_:)``).
public func crossEntropy(
    _ input: Tensor, _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
    reduction: LossReduction = .mean, labelSmoothing: Double = 0
) -> Tensor {
    .checked(like: [input]) { () throws(TensorError) in
        let name = "cross_entropy"
        guard (0...1).contains(labelSmoothing) else {
            throw TensorError(name, "labelSmoothing is \(labelSmoothing). Expected 0 to 1.")
        }
        if target.dtype.isFloatingPoint, target.shape == input.shape {
            guard ignoreIndex < 0 else {
                throw TensorError(name, "ignoreIndex \(ignoreIndex) has no meaning for probabilities. Leave it out.")
            }
            let loss = try ClassLoss(name, input: input, target: target, weight)
            return loss.crossEntropy(ofProbabilities: input, smoothing: labelSmoothing, reduction)
        }
        guard target.shape != input.shape else {
            throw TensorError(
                name,
                "the target has the input's shape \(input.shape.brackets), as class probabilities have, but is "
                    + "\(target.dtype). Expected real numbers, or classes of the input's shape without C.")
        }
        let loss = try ClassLoss(name, input, target, weight)
        if reduction == .mean, labelSmoothing == 0, input.rank > 1 {
            return loss.meanCrossEntropy(of: input, ignoreIndex: ignoreIndex)
        }
        let logProbabilities = input.logSoftmax(dim: loss.classDimension)
        let plain = loss.negativeLogLikelihood(of: logProbabilities, ignoreIndex: ignoreIndex, reduction)
        guard labelSmoothing > 0 else { return plain }
        let smooth = loss.uniformCrossEntropy(logProbabilities, ignoreIndex: ignoreIndex, reduction)
        return plain * (1 - labelSmoothing) + smooth * (labelSmoothing / Double(loss.classCount))
    }
}

extension ClassLoss {
    fileprivate func crossEntropy(
        ofProbabilities input: Tensor, smoothing: Double, _ reduction: LossReduction
    ) -> Tensor {
        var truth = target.cast(to: input.dtype)
        if smoothing > 0 { truth = truth * (1 - smoothing) + smoothing / Double(classCount) }
        var products = input.logSoftmax(dim: classDimension) * truth
        if let weight { products = products * perClass(weight, input) }
        switch reduction {
        case .none: return -products.sum(dim: classDimension)
        case .sum: return -products.sum()
        case .mean:
            let count = Double(input.count) / Double(max(classCount, 1))
            return Tensor.record(
                Pointwise(.div), [-products.sum(), Tensor(scalar: count, dtype: input.dtype)],
                gradientName: "DivBackward1")[0]
        }
    }

    /// −Σ_c w[c] · log p[c] of what is not ignored: the loss against all classes alike, times C.
    fileprivate func uniformCrossEntropy(
        _ logProbabilities: Tensor, ignoreIndex: Int, _ reduction: LossReduction
    ) -> Tensor {
        let weighted = weight.map { logProbabilities * perClass($0, logProbabilities) } ?? logProbabilities
        // As real numbers, which the fused loop compares; classes are small enough to be exact.
        let isIgnored = target.cast(to: logProbabilities.dtype) .== Double(ignoreIndex)
        let sums = -weighted.sum(dim: classDimension)
        // A class [1] beside logits [C] has one loss without dimensions.
        let losses = sums.maskedFill(isIgnored.reshape(sums.shape), 0)
        switch reduction {
        case .none: return losses
        case .sum: return losses.sum()
        case .mean: return losses.sum() / picked(of: logProbabilities, ignoreIndex: ignoreIndex).weights.sum()
        }
    }
}

/// ``crossEntropy(_:_:weight:ignoreIndex:reduction:labelSmoothing:)`` as a module (`torch.nn.CrossEntropyLoss`):
/// logits [N, C, …] and classes [N, …], or probabilities [N, C, …] → a scalar, or [N, …] where `reduction` is `.none`.
open class CrossEntropyLoss: Module {
    /// A factor for each class [C]; nil where there is none.
    public let weight: Buffer?
    /// The class of samples that do not count.
    public let ignoreIndex: Int
    /// What becomes of the losses.
    public let reduction: LossReduction
    /// How much of the truth is spread over all classes.
    public let labelSmoothing: Double

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - weight: a factor w for each class, [C]; `nil`, none, by default.
    ///   - ignoreIndex: the class of samples that do not count; `-100` by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    ///   - labelSmoothing: s, 0 to 1; `0` by default.
    public init(
        weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: LossReduction = .mean, labelSmoothing: Double = 0
    ) {
        self.weight = weight.map { Buffer($0) }
        (self.ignoreIndex, self.reduction, self.labelSmoothing) = (ignoreIndex, reduction, labelSmoothing)
        super.init()
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: logits x: [N, C], [N, C, d₁, …] or [C].
    ///   - target: classes t in 0 ..< C, `int64` or `uint8`, of the input's shape without C; beside [C] also [1]. One
    ///     outside is an error when the loss is computed. Or probabilities, real, of the input's shape.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        withModulePath {
            crossEntropy(
                input, target, weight: weight?.data, ignoreIndex: ignoreIndex, reduction: reduction,
                labelSmoothing: labelSmoothing)
        }
    }
}
