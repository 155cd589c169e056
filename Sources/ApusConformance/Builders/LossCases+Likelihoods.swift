import ApusGraph
import ApusNN

extension LossCases {
    /// Losses of distributions.
    static let likelihoods: [String: LossBuilder] = [
        "KLDivLoss": { arguments in
            .ofTwo(
                KLDivLoss(
                    reduction: try divergenceReduction(arguments),
                    logTarget: try arguments.boolean("log_target", default: false)
                ).callAsFunction)
        },
        "PoissonNLLLoss": { arguments in
            .ofTwo(
                PoissonNLLLoss(
                    logInput: try arguments.boolean("log_input", default: true),
                    full: try arguments.boolean("full", default: false),
                    eps: try arguments.number("eps", default: 1e-8), reduction: try reduction(arguments)
                ).callAsFunction)
        },
        "GaussianNLLLoss": { arguments in
            let loss = GaussianNLLLoss(
                full: try arguments.boolean("full", default: false),
                eps: try arguments.number("eps", default: 1e-6), reduction: try reduction(arguments))
            return .ofThree { loss($0, $1, $2) }
        },
    ]

    private static func divergenceReduction(_ arguments: CaseArguments) throws -> KLDivReduction {
        switch try arguments.text("reduction", default: "mean") {
        case "mean": return .mean
        case "sum": return .sum
        case "none": return .none
        case "batchmean": return .batchMean
        case let other: throw CaseProblem.inexpressible("there is no reduction \"\(other)\"")
        }
    }
}
