import ApusGraph
import ApusNN

extension LossCases {
    /// Losses of classes and labels.
    static let classes: [String: LossBuilder] = [
        "CrossEntropyLoss": { arguments in
            .ofTwo(
                CrossEntropyLoss(
                    weight: arguments.tensor("weight"),
                    ignoreIndex: try arguments.integer("ignore_index", default: -100),
                    reduction: try reduction(arguments),
                    labelSmoothing: try arguments.number("label_smoothing", default: 0)
                ).callAsFunction)
        },
        "NLLLoss": { arguments in
            .ofTwo(
                NLLLoss(
                    weight: arguments.tensor("weight"),
                    ignoreIndex: try arguments.integer("ignore_index", default: -100),
                    reduction: try reduction(arguments)
                ).callAsFunction)
        },
        "BCELoss": { arguments in
            .ofTwo(
                BCELoss(weight: arguments.tensor("weight"), reduction: try reduction(arguments)).callAsFunction)
        },
        "BCEWithLogitsLoss": { arguments in
            .ofTwo(
                BCEWithLogitsLoss(
                    weight: arguments.tensor("weight"), reduction: try reduction(arguments),
                    posWeight: arguments.tensor("pos_weight")
                ).callAsFunction)
        },
        "MultiMarginLoss": { arguments in
            .ofTwo(
                MultiMarginLoss(
                    p: try arguments.integer("p", default: 1), margin: try arguments.number("margin", default: 1),
                    weight: arguments.tensor("weight"), reduction: try reduction(arguments)
                ).callAsFunction)
        },
        "MultiLabelMarginLoss": { .ofTwo(MultiLabelMarginLoss(reduction: try reduction($0)).callAsFunction) },
        "MultiLabelSoftMarginLoss": { arguments in
            .ofTwo(
                MultiLabelSoftMarginLoss(
                    weight: arguments.tensor("weight"), reduction: try reduction(arguments)
                ).callAsFunction)
        },
        "SoftMarginLoss": { .ofTwo(SoftMarginLoss(reduction: try reduction($0)).callAsFunction) },
    ]

    /// Losses of pairs and triplets of embeddings.
    static let embeddings: [String: LossBuilder] = [
        "HingeEmbeddingLoss": { arguments in
            .ofTwo(
                HingeEmbeddingLoss(
                    margin: try arguments.number("margin", default: 1), reduction: try reduction(arguments)
                ).callAsFunction)
        },
        "MarginRankingLoss": { arguments in
            .ofThree(
                MarginRankingLoss(
                    margin: try arguments.number("margin", default: 0), reduction: try reduction(arguments)
                ).callAsFunction)
        },
        "CosineEmbeddingLoss": { arguments in
            .ofThree(
                CosineEmbeddingLoss(
                    margin: try arguments.number("margin", default: 0), reduction: try reduction(arguments)
                ).callAsFunction)
        },
        "TripletMarginLoss": { arguments in
            .ofThree(
                TripletMarginLoss(
                    margin: try arguments.number("margin", default: 1), p: try arguments.number("p", default: 2),
                    eps: try arguments.number("eps", default: 1e-6),
                    swap: try arguments.boolean("swap", default: false), reduction: try reduction(arguments)
                ).callAsFunction)
        },
        "TripletMarginWithDistanceLoss": { arguments in
            .ofThree(
                TripletMarginWithDistanceLoss(
                    margin: try arguments.number("margin", default: 1),
                    swap: try arguments.boolean("swap", default: false), reduction: try reduction(arguments)
                ).callAsFunction)
        },
    ]
}
