import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import Testing

@Suite struct OptimizerTests {
    private func message(of body: () -> Void) -> String? {
        do {
            try withTensorErrors(body)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// A double-precision parameter, and its values after steps with the given gradients (nil: none).
    private func run(
        _ gradients: [Double?], from start: Double = 1, _ make: ([Parameter]) -> Optimizer
    ) -> [Double] {
        let parameter = Parameter(.full([1], start, dtype: .float64))
        let optimizer = make([parameter])
        return gradients.map { gradient in
            parameter.grad = gradient.map { .full([1], $0, dtype: .float64) }
            optimizer.step()
            return parameter.data.item()
        }
    }

    /// Double precision leaves only a few roundings.
    private func expect(_ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count)
        for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-12, "\(found) \(expected)") }
    }

    @Test func plainDescent() {
        expect(run([2, -1]) { SGD($0, lr: 0.1) }, [0.8, 0.9])
        expect(run([2, -1]) { SGD($0, lr: 0.1, maximize: true) }, [1.2, 1.1])
        expect(run([2]) { SGD($0, lr: 0.1, weightDecay: 0.5) }, [1 - 0.1 * 2.5])
    }

    @Test func momentumStartsWithTheGradient() {
        // b = 2, then 0.9 · 2 + 0.75 · 1.
        expect(
            run([2, 1]) { SGD($0, lr: 0.1, momentum: 0.9, dampening: 0.25) }, [0.8, 0.8 - 0.1 * 2.55])
        // b = 2, g = 2 + 1.8; b = 2.8, g = 1 + 0.9 · 2.8.
        expect(run([2, 1]) { SGD($0, lr: 0.1, momentum: 0.9, nesterov: true) }, [1 - 0.38, 1 - 0.38 - 0.352])
    }

    @Test func adamsFirstStepIsTheLearningRate() {
        // m / (1 − β₁) = g and √v / √(1 − β₂) = |g|.
        expect(run([4]) { Adam($0, lr: 0.1, eps: 0) }, [0.9])
        expect(run([-4]) { Adam($0, lr: 0.1, eps: 1) }, [1 + 0.1 * 4 / 5])
        expect(run([4]) { Adam($0, lr: 0.1, eps: 0, weightDecay: 2, maximize: true) }, [1 + 0.1])
    }

    @Test func adamsSecondStep() {
        // β = ½: m = 2, then 1.5; corrected by 3/4. v = 8, then 4.5; corrected by 3/4.
        let expected = 0.9 - 0.1 * (1.5 / 0.75) / (4.5 / 0.75).squareRoot()
        expect(run([4, 1]) { Adam($0, lr: 0.1, betas: (0.5, 0.5), eps: 0) }, [0.9, expected])
        let kept = 0.9 - 0.1 * (1.5 / 0.75) / (8 / 0.75).squareRoot()
        expect(run([4, 1]) { Adam($0, lr: 0.1, betas: (0.5, 0.5), eps: 0, amsgrad: true) }, [0.9, kept])
    }

    @Test func decoupledDecayIsTakenFromTheParameter() {
        expect(run([4]) { AdamW($0, lr: 0.1, eps: 0, weightDecay: 0.5) }, [1 - 0.05 - 0.1])
        expect(run([4]) { Adam($0, lr: 0.1, eps: 0, weightDecay: 0.5, decoupledWeightDecay: true) }, [1 - 0.05 - 0.1])
        let groups = { AdamW([ParameterGroup($0, .init(lr: 0.1, eps: 0, weightDecay: 0.5))]) }
        expect(run([4]) { groups($0) }, [1 - 0.05 - 0.1])
    }

    @Test func aStepWithoutGradientLeavesParameterAndStateAlone() {
        let without = run([4, 1]) { Adam($0, lr: 0.1, weightDecay: 0.1) }
        let with = run([4, nil, 1]) { Adam($0, lr: 0.1, weightDecay: 0.1) }
        expect(with, [without[0], without[0], without[1]])
    }

    @Test func groupsHaveTheirOwnSettings() {
        let (a, b) = (Parameter(.ones(2)), Parameter(.ones(1)))
        let optimizer = SGD([
            ParameterGroup([a], .init(lr: 0.1, weightDecay: 1)), ParameterGroup([b], .init(lr: 0.5)),
        ])
        a.grad = .ones(2)
        b.grad = .ones(1)
        optimizer.step()
        #expect(a.data.array(as: Float.self).allSatisfy { abs($0 - 0.8) < 1e-6 })
        #expect(b.data.array() == [0.5] as [Float])
        #expect(optimizer.learningRates == [0.1, 0.5])
        optimizer.lr = 0.25
        #expect(optimizer.learningRates == [0.25, 0.25])
        optimizer.zeroGrad()
        #expect(a.grad == nil && b.grad == nil)
    }

    @Test func stateMovesToAnotherOptimizer() {
        let (first, second) = (Parameter(.ones(1)), Parameter(.ones(1)))
        let (old, new) = (Adam([first], lr: 0.1), Adam([second], lr: 0.1))
        for gradient in [1.0, 2.0] {
            first.grad = .full([1], gradient)
            old.step()
        }
        second.data = first.data
        new.setState(old.state(of: first), of: second)
        #expect(new.state(of: second).step == 2)
        #expect(Set(new.state(of: second).tensors.keys) == ["exp_avg", "exp_avg_sq"])
        for (parameter, optimizer) in [(first, old), (second, new)] {
            parameter.grad = .full([1], -3.0)
            optimizer.step()
        }
        #expect(first.data.array(as: Float.self) == second.data.array(as: Float.self))
        let wrong = message { new.setState(OptimizerState(step: 1, tensors: ["exp_avg": .zeros(2)]), of: second) }
        #expect(wrong?.contains("exp_avg has shape [2], its parameter [1]") == true)
    }

    @Test func aStepAfterAnErrorKeepsTheParameters() {
        let layer = Linear(2, 3)
        let optimizer = SGD(layer.parameters(), lr: 0.1)
        let text = message {
            let loss = crossEntropy(layer(.ones(4, 5)), Tensor([0, 1, 2, 0] as [Int64]))
            optimizer.zeroGrad()
            loss.backward()
            optimizer.step()
        }
        #expect(text?.contains("in_features") == true)
        #expect(layer.weight.data.array(as: Float.self).count == 6)
    }

    struct Refusal: Sendable {
        let text: String
        let make: @Sendable ([Parameter]) -> Void
    }

    @Test(arguments: [
        Refusal(text: "SGD: lr is -0.1") { _ = SGD($0, lr: -0.1) },
        Refusal(text: "SGD: momentum is -0.5") { _ = SGD($0, lr: 0.1, momentum: -0.5) },
        Refusal(text: "SGD: nesterov needs a momentum") { _ = SGD($0, lr: 0.1, nesterov: true) },
        Refusal(text: "dampening is 0.1") { _ = SGD($0, lr: 0.1, momentum: 0.9, dampening: 0.1, nesterov: true) },
        Refusal(text: "SGD: lr is nan") { _ = SGD($0, lr: .nan) },
        Refusal(text: "Adam: betas.0 is 1.0") { _ = Adam($0, betas: (1, 0.999)) },
        Refusal(text: "Adam: betas.1 is -0.1") { _ = Adam($0, betas: (0.9, -0.1)) },
        Refusal(text: "Adam: eps is -1e-08") { _ = Adam($0, eps: -1e-8) },
        Refusal(text: "AdamW: weightDecay is -0.1") { _ = AdamW($0, weightDecay: -0.1) },
        Refusal(text: "SGD: there are no parameters") { _ in _ = SGD([Parameter](), lr: 0.1) },
        Refusal(text: "Adam: a parameter appears more than once") { _ = Adam($0 + $0) },
    ])
    func wrongArgumentsAreRefused(_ refusal: Refusal) {
        let text = message { refusal.make([Parameter(.zeros(2))]) }
        #expect(text?.contains(refusal.text) == true, "\(text ?? "nothing was refused")")
    }
}
