import ApusGraph

/// The loss of triplets (`torch.nn.functional.triplet_margin_loss`): max(0, d(a, p) − d(a, n) + `margin`), which wants
/// the positive nearer to the anchor than the negative.
///
/// d is ‖u − v + ε‖ₚ along the last dimension. With `swap` the negative's distance is the smaller one of d(a, n) and
/// d(p, n).
///
/// - Parameters:
///   - anchor: [N, D], or [D]; in general [*, D].
///   - positive: with the same number of dimensions; the three broadcast.
///   - negative: likewise.
///   - margin: by how much the negative shall be farther, greater than 0; `1` by default.
///   - p: the norm's exponent; 0 counts elements, infinity takes the largest; `2` by default.
///   - eps: ε, added to each difference; `1e-6` by default.
///   - swap: whether the negative's distance is the smaller one of d(a, n) and d(p, n); `false` by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
///
/// Other shapes and margins are an error (see ``/ApusGraph/withTensorErrors(_:)``).
///
/// Balntas, Riba, Ponsa and Mikolajczyk, "Learning local feature descriptors with triplets and shallow convolutional
/// neural networks", 2016.
public func tripletMarginLoss(
    _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, margin: Double = 1, p: Double = 2, eps: Double = 1e-6,
    swap: Bool = false, reduction: LossReduction = .mean
) -> Tensor {
    let triplet = Triplet(operation: "triplet_margin_loss", anchor: anchor, positive: positive, negative: negative)
    return triplet.loss(margin: margin, swap: swap, reduction) { $0.embeddingDistance(to: $1, p: p, eps: eps) }
}

/// The loss of triplets (`torch.nn.TripletMarginLoss`): anchor, positive and negative [N, D] → a scalar, or [N] where
/// `reduction` is `.none`; see ``tripletMarginLoss(_:_:_:margin:p:eps:swap:reduction:)``.
open class TripletMarginLoss: Module {
    /// The margin.
    public let margin: Double
    /// The norm's exponent.
    public let p: Double
    /// ε, added to each difference.
    public let eps: Double
    /// Whether the negative's distance is the smaller one of d(a, n) and d(p, n).
    public let swap: Bool
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - margin: by how much the negative shall be farther, greater than 0; `1` by default.
    ///   - p: the norm's exponent; 0 counts elements, infinity takes the largest; `2` by default.
    ///   - eps: ε, added to each difference; `1e-6` by default.
    ///   - swap: whether the negative's distance is the smaller one of d(a, n) and d(p, n); `false` by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    ///
    /// A margin of 0 or less is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        margin: Double = 1, p: Double = 2, eps: Double = 1e-6, swap: Bool = false, reduction: LossReduction = .mean
    ) {
        (self.margin, self.p, self.eps, self.swap, self.reduction) = (margin, p, eps, swap, reduction)
        super.init()
        if let error = Triplet.error("TripletMarginLoss", margin: margin) { TensorError.raise(error) }
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - anchor: [N, D], or [D]; in general [*, D].
    ///   - positive: with the same number of dimensions; the three broadcast.
    ///   - negative: likewise.
    public func callAsFunction(_ anchor: Tensor, _ positive: Tensor, _ negative: Tensor) -> Tensor {
        withModulePath {
            tripletMarginLoss(
                anchor, positive, negative, margin: margin, p: p, eps: eps, swap: swap, reduction: reduction)
        }
    }
}

/// The operands of a loss of triplets.
struct Triplet {
    let operation: String
    let anchor: Tensor
    let positive: Tensor
    let negative: Tensor

    /// What is wrong with the margin; nil where it is greater than 0.
    static func error(_ operation: String, margin: Double) -> TensorError? {
        margin > 0 ? nil : TensorError(operation, "the margin is \(margin). Expected a number greater than 0.")
    }

    func loss(
        margin: Double, swap: Bool, _ reduction: LossReduction, distance: (Tensor, Tensor) -> Tensor
    ) -> Tensor {
        .checked(like: [anchor]) { () throws(TensorError) in
            if let error = Self.error(operation, margin: margin) { throw error }
            guard anchor.rank == positive.rank, anchor.rank == negative.rank else {
                throw TensorError(
                    operation,
                    "the anchor \(anchor.shape.brackets), the positive \(positive.shape.brackets) and the negative "
                        + "\(negative.shape.brackets) must have the same number of dimensions.")
            }
            try LossOperands.requireBroadcast(
                operation, [("the anchor", anchor), ("the positive", positive), ("the negative", negative)])
            let near = distance(anchor, positive)
            var far = distance(anchor, negative)
            if swap { far = far.minimum(distance(positive, negative)) }
            let losses = (near - far + margin).relu().withGradientName("ClampMinBackward0")
            return reduction.apply(losses)
        }
    }
}
