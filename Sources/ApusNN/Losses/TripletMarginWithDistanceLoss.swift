import ApusGraph

/// A distance of two tensors, such as that of embeddings along the last dimension: [N, D] and [N, D] → [N].
public typealias TripletDistance = (Tensor, Tensor) -> Tensor

/// ``tripletMarginLoss(_:_:_:margin:p:eps:swap:reduction:)`` with a distance of one's own
/// (`torch.nn.functional.triplet_margin_with_distance_loss`).
///
/// - Parameters:
///   - anchor: [N, D], or [D]; in general [*, D].
///   - positive: with the same number of dimensions; the three broadcast.
///   - negative: likewise.
///   - distance: made of operations with gradients: [N, D] and [N, D] → [N]; `nil` is ‖u − v + 10⁻⁶‖₂ along the last
///     dimension, and the default.
///   - margin: by how much the negative shall be farther, greater than 0; `1` by default.
///   - swap: whether the negative's distance is the smaller one of d(a, n) and d(p, n); `false` by default.
///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
public func tripletMarginWithDistanceLoss(
    _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, distance: TripletDistance? = nil, margin: Double = 1,
    swap: Bool = false, reduction: LossReduction = .mean
) -> Tensor {
    let triplet = Triplet(
        operation: "triplet_margin_with_distance_loss", anchor: anchor, positive: positive, negative: negative)
    return triplet.loss(margin: margin, swap: swap, reduction) {
        distance?($0, $1) ?? $0.embeddingDistance(to: $1, p: 2, eps: 1e-6)
    }
}

/// The loss of triplets with a distance of one's own (`torch.nn.TripletMarginWithDistanceLoss`): anchor, positive and
/// negative [N, D] → a scalar, or what the distance gives where `reduction` is `.none`; see
/// ``tripletMarginWithDistanceLoss(_:_:_:distance:margin:swap:reduction:)``.
open class TripletMarginWithDistanceLoss: Module {
    /// The distance; nil stands for ‖u − v + 10⁻⁶‖₂.
    public let distance: TripletDistance?
    /// The margin.
    public let margin: Double
    /// Whether the negative's distance is the smaller one of d(a, n) and d(p, n).
    public let swap: Bool
    /// What becomes of the losses.
    public let reduction: LossReduction

    /// The loss with its arguments.
    ///
    /// - Parameters:
    ///   - distance: made of operations with gradients: [N, D] and [N, D] → [N]; `nil` is ‖u − v + 10⁻⁶‖₂ along the
    ///     last dimension, and the default.
    ///   - margin: by how much the negative shall be farther, greater than 0; `1` by default.
    ///   - swap: whether the negative's distance is the smaller one of d(a, n) and d(p, n); `false` by default.
    ///   - reduction: what becomes of the losses: their mean, their sum, or one by one; `.mean` by default.
    ///
    /// A margin of 0 or less is an error (see ``/ApusGraph/withTensorErrors(_:)``).
    public init(
        distance: TripletDistance? = nil, margin: Double = 1, swap: Bool = false, reduction: LossReduction = .mean
    ) {
        (self.distance, self.margin, self.swap, self.reduction) = (distance, margin, swap, reduction)
        super.init()
        if let error = Triplet.error("TripletMarginWithDistanceLoss", margin: margin) { TensorError.raise(error) }
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - anchor: [N, D], or [D]; in general [*, D].
    ///   - positive: with the same number of dimensions; the three broadcast.
    ///   - negative: likewise.
    public func callAsFunction(_ anchor: Tensor, _ positive: Tensor, _ negative: Tensor) -> Tensor {
        withModulePath {
            tripletMarginWithDistanceLoss(
                anchor, positive, negative, distance: distance, margin: margin, swap: swap, reduction: reduction)
        }
    }
}
