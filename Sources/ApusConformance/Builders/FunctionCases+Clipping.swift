import ApusGraph
import ApusNN
import ApusOptim

extension FunctionCases {
    /// Functions that change the gradients of parameters; their inputs are the gradients.
    static let clipping: [String: FunctionBuilder] = [
        "clip_grad_norm_": { try clip("clip_grad_norm_", parameters($0.inputs), $0.arguments) },
        "clip_grad_value_": { try clip("clip_grad_value_", parameters($0.inputs), $0.arguments) },
    ]

    /// Checks the result and the gradients after the call.
    static func runClipping(_ goldenCase: GoldenCase) throws {
        let parameters = try parameters(goldenCase.tensors(numbered: "input."))
        let arguments = CaseArguments(goldenCase.arguments)
        func gradients() -> [String: Tensor] {
            let named = parameters.enumerated().compactMap { index, parameter in
                parameter.grad.map { ("input.\(index)", $0) }
            }
            return Dictionary(uniqueKeysWithValues: named)
        }
        try CallCheck(goldenCase).run(state: gradients) { _ in
            let results = try clip(goldenCase.operation, parameters, arguments)
            try arguments.checkAllRead(goldenCase.operation)
            return results
        }
    }

    /// Parameters with the given gradients.
    private static func parameters(_ gradients: [Tensor]) -> [Parameter] {
        gradients.map { gradient in
            let parameter = Parameter(.zerosLike(gradient))
            parameter.grad = gradient
            return parameter
        }
    }

    private static func clip(
        _ operation: String, _ parameters: [Parameter], _ arguments: CaseArguments
    ) throws -> [Tensor] {
        guard operation == "clip_grad_norm_" else {
            clipGradValue(parameters, clipValue: try arguments.number("clip_value"))
            return []
        }
        return [
            clipGradNorm(
                parameters, maxNorm: try arguments.number("max_norm"),
                normType: try arguments.number("norm_type", default: 2),
                errorIfNonfinite: try arguments.boolean("error_if_nonfinite", default: false))
        ]
    }
}
