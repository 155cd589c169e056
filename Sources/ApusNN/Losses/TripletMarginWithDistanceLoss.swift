import ApusGraph

/// A distance of two tensors, such as that of embeddings along the last dimension: [N, D] and [N, D] → [N].
public typealias TripletDistance = (Tensor, Tensor) -> Tensor

/// ``tripletMarginLoss(_:_:_:margin:p:eps:swap:reduction:)`` with a distance of one's own
/// (`torch.nn.functional.triplet_margin_with_distance_loss`).
///
/// - Parameters:
///   - distance: made of operations with gradients; nil is ‖u − v + 10⁻⁶‖₂ along the last dimension.
///   - margin: greater than 0; others are an error (see ``withTensorErrors(_:)``), as are shapes of different ranks.
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
    public let distance: TripletDistance?
    public let margin: Double
    public let swap: Bool
    public let reduction: LossReduction

    /// A margin of 0 or less is an error (see ``withTensorErrors(_:)``).
    public init(
        distance: TripletDistance? = nil, margin: Double = 1, swap: Bool = false, reduction: LossReduction = .mean
    ) {
        (self.distance, self.margin, self.swap, self.reduction) = (distance, margin, swap, reduction)
        super.init()
        if let error = Triplet.error("TripletMarginWithDistanceLoss", margin: margin) { TensorError.raise(error) }
    }

    public func callAsFunction(_ anchor: Tensor, _ positive: Tensor, _ negative: Tensor) -> Tensor {
        withModulePath {
            tripletMarginWithDistanceLoss(
                anchor, positive, negative, distance: distance, margin: margin, swap: swap, reduction: reduction)
        }
    }
}
