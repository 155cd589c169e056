import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import Testing

/// ``LBFGS`` on Rosenbrock's function with a third parameter, against PyTorch 2.15 in double precision.
@Suite struct LBFGSTests {
    private let p = Parameter(Tensor([-1.2, 1] as [Double], dtype: .float64))
    private let q = Parameter(Tensor([[2]] as [[Double]], dtype: .float64))

    /// The losses before three steps, and how often the closure was called.
    private func run(_ optimizer: LBFGS) -> (losses: [Double], calls: Int) {
        var calls = 0
        let losses = (0..<3).map { _ -> Double in
            optimizer.step {
                calls += 1
                optimizer.zeroGrad()
                let (x, y) = (p.tensor.select(dim: 0, index: 0), p.tensor.select(dim: 0, index: 1))
                let loss = (1 - x).square() + 100 * (y - x.square()).square() + q.tensor.square().sum() * 0.5
                loss.backward()
                return loss
            }.item()
        }
        return (losses, calls)
    }

    struct Case: Sendable {
        let losses: [Double]
        let parameters: [Double]
        let calls: Int
        let make: @Sendable ([Parameter]) -> LBFGS
    }

    @Test(arguments: [
        Case(
            losses: [26.2, 25.493265659217528, 25.072070882720983],
            parameters: [-1.1942863245846427, 1.0039285776416758, 1.999533874578467], calls: 18
        ) { LBFGS($0, lr: 0.002, maxIter: 6) },
        Case(
            losses: [26.2, 9.793743601878395, 7.776357660543885],
            parameters: [-1.065679939233601, 1.0583132711907512, 1.990619143215133], calls: 12
        ) { LBFGS($0, lr: 0.1, maxIter: 4, historySize: 2) },
        Case(
            losses: [26.2, 5.8346249355379225, 1.7944366933035396],
            parameters: [0.1878733076496624, 0.01575891012863779, -0.3702794411228776], calls: 25
        ) { LBFGS($0, maxIter: 7, historySize: 3, lineSearch: .strongWolfe) },
        Case(
            losses: [26.2, 0.4665380450888978, 0], parameters: [1, 1, 0], calls: 47
        ) { LBFGS($0, lineSearch: .strongWolfe) },
    ])
    func agreesWithPyTorch(test: Case) {
        let (losses, calls) = run(test.make([p, q]))
        for (a, b) in zip(losses, test.losses) { #expect(abs(a - b) < 1e-6 * max(1, b)) }
        let parameters = p.data.array(as: Double.self) + q.data.array(as: Double.self)
        for (a, b) in zip(parameters, test.parameters) { #expect(abs(a - b) < 1e-5) }
        #expect(calls == test.calls)
    }

    @Test func aSavedOptimizerGoesOn() throws {
        let (losses, _) = run(LBFGS([p, q], maxIter: 4, lineSearch: .strongWolfe))
        let optimizer = LBFGS([p, q], maxIter: 4, lineSearch: .strongWolfe)
        let before = LBFGSTests()
        let old = LBFGS([before.p, before.q], maxIter: 4, lineSearch: .strongWolfe)
        #expect(before.run(old).losses == losses)
        try optimizer.load(old.stateDict())
        #expect(run(optimizer).losses == before.run(old).losses)
    }

    @Test func aFailingLossLeavesTheParametersAlone() {
        let optimizer = LBFGS([q])
        let error = #expect(throws: TensorError.self) {
            try withTensorErrors {
                optimizer.step { q.tensor.matmul(Tensor.ones(5, 1, dtype: .float64)) }
            }
        }
        #expect(error?.description.contains("cannot be multiplied") == true)
        #expect(q.data.item() == 2)
        let notScalar = #expect(throws: TensorError.self) { try withTensorErrors { optimizer.step { p.tensor } } }
        #expect(notScalar?.description == "LBFGS: the closure returned a tensor of shape [2], not one number.")
    }
}
