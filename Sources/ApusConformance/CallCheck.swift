import ApusEngine
import ApusGraph

/// Makes the call of a case, differentiates it, and compares results and gradients.
struct CallCheck {
    private let goldenCase: GoldenCase
    private var comparison = Comparison()

    init(_ goldenCase: GoldenCase) { self.goldenCase = goldenCase }

    /// Calls a function of the inputs and compares `output.K` and `grad.input.K`.
    ///
    /// - Parameters:
    ///   - parameterGradient: the gradient of a parameter after the backward pass, by its state name.
    ///   - state: parameters and buffers after the call, by their state names.
    ///   - call: what is tested.
    func run(
        parameterGradient: (String) -> Tensor? = { _ in nil }, state: () throws -> [String: Tensor] = { [:] },
        call: ([Tensor]) throws -> [Tensor]
    ) throws {
        var check = self
        try check.compare(parameterGradient, state, call)
        try check.comparison.check()
    }

    private mutating func compare(
        _ parameterGradient: (String) -> Tensor?, _ state: () throws -> [String: Tensor],
        _ call: ([Tensor]) throws -> [Tensor]
    ) throws {
        let inputs = try goldenCase.tensors(numbered: "input.").enumerated().map { index, tensor in
            goldenCase.contains("grad.input.\(index)") ? tensor.requiringGrad() : tensor
        }
        let outputs = try call(inputs)
        // The backward pass is recorded before anything is read, so that both run as one plan.
        let asksForGradients = goldenCase.names.contains { $0.hasPrefix("grad.") }
        if asksForGradients, let first = outputs.first {
            let cotangent = try goldenCase.requiredTensor("cotangent")
            try differentiate(first, cotangent)
        }
        try compareOutputs(outputs)
        for (index, input) in inputs.enumerated() {
            let name = "grad.input.\(index)"
            if let expected = try goldenCase.tensor(name) { try compareGradient(name, input.grad, expected) }
        }
        for (name, expected) in try goldenCase.tensors(named: "grad.param.").sorted(by: { $0.key < $1.key }) {
            try compareGradient("grad.param.\(name)", parameterGradient(name), expected)
        }
        try compareState(state())
    }

    /// L = Σ output · cotangent, and its gradients.
    private mutating func differentiate(_ output: Tensor, _ cotangent: Tensor) throws {
        guard output.shape == cotangent.shape else {
            comparison.fail(
                "output.0", "the shape is \(output.shape.brackets), expected \(cotangent.shape.brackets)")
            return
        }
        (output * cotangent).sum().backward()
    }

    private mutating func compareOutputs(_ outputs: [Tensor]) throws {
        let expected = try goldenCase.tensors(numbered: "output.")
        if outputs.count != expected.count {
            comparison.fail("output", "there are \(outputs.count) results, expected \(expected.count)")
        }
        for (index, pair) in zip(outputs, expected).enumerated() {
            try comparison.compare("output.\(index)", pair.0, pair.1, goldenCase.tolerance)
        }
    }

    private mutating func compareGradient(_ name: String, _ gradient: Tensor?, _ expected: Tensor) throws {
        guard let gradient else {
            comparison.fail(name, "there is no gradient")
            return
        }
        try comparison.compare(name, gradient, expected, goldenCase.tolerance)
    }

    /// A parameter or buffer has the value `after.NAME`, or else is what it was before the call.
    private mutating func compareState(_ state: [String: Tensor]) throws {
        for (name, tensor) in state.sorted(by: { $0.key < $1.key }) {
            if let expected = try goldenCase.tensor("after.\(name)") {
                try comparison.compare("after.\(name)", tensor, expected, goldenCase.tolerance)
            } else if let before = try goldenCase.tensor("param.\(name)") {
                try comparison.compare("\(name), which the call must not change", tensor, before, .exact)
            }
        }
    }
}
