import ApusEngine
import ApusGraph
import ApusNN
import Foundation
import Testing

@Suite("Losses of distributions")
struct DistributionLossTests {
    @Test func divergences() {
        let x = Tensor([[0.5, 0.5], [0.25, 0.75]]).log()
        let q = Tensor([[0.0, 1], [0.5, 0.5]])
        let terms = [0, log(2.0), 0.5 * log(2.0), 0.5 * log(2 / 3.0)]
        let sum = terms.reduce(0, +)
        expect(klDiv(x, q, reduction: .none), terms)
        expect(klDiv(x, q), [sum / 4])
        expect(klDiv(x, q, reduction: .sum), [sum])
        expect(KLDivLoss(reduction: .batchMean)(x, q), [sum / 2])
        expect(slopes({ klDiv($0[0], q, reduction: .sum) }, at: x)[0], [0, -1, -0.5, -0.5])
        let inner = Tensor([[0.5, 0.5], [0.5, 0.5]])
        expect(
            KLDivLoss(reduction: .batchMean, logTarget: true)(x, inner.log()),
            klDiv(x, inner, reduction: .batchMean).array(as: Double.self))
        // A scalar has no batch.
        expect(klDiv(x[0, 0], q[0, 1], reduction: .batchMean), [log(2.0)])
        expect(klDiv(x, q[1], reduction: .sum), [0.5 * log(2 / 3.0) + 0.5 * log(2.0)])
    }

    @Test func counts() {
        let x = Tensor([0.0, 1, 2])
        let y = Tensor([0.0, 1, 4])
        let losses = [1, exp(1.0) - 1, exp(2.0) - 8]
        expect(poissonNLLLoss(x, y, reduction: .none), losses)
        expect(PoissonNLLLoss()(x, y), [losses.reduce(0, +) / 3])
        let stirling = 4 * log(4.0) - 4 + 0.5 * log(8 * Double.pi)
        expect(poissonNLLLoss(x, y, full: true, reduction: .none), [losses[0], losses[1], losses[2] + stirling])
        expect(poissonNLLLoss(x, y, logInput: false, eps: 1, reduction: .none), [0, 1 - log(2.0), 2 - 4 * log(3.0)])
        let loss = PoissonNLLLoss(logInput: false, eps: 1, reduction: .sum)
        expect(slopes({ loss($0[0], y) }, at: x)[0], [1, 0.5, -1 / 3.0])
        // Below the bound Stirling's formula is not there, nor is its slope.
        expect(
            slopes({ poissonNLLLoss(x, $0[0], full: true, reduction: .sum) }, at: y)[0], [0, -1, -2 + log(4.0) + 0.125])
    }

    @Test func normalDistributions() {
        let (x, y) = (Tensor([[1.0, 2], [3, 4]]), Tensor([[0.0, 2], [5, 4]]))
        let v = Tensor([[2.0, 1], [4, 0]])
        let tiny = 0.5 * log(1e-6)
        let losses = [0.5 * (log(2.0) + 0.5), 0, 0.5 * (log(4.0) + 1), tiny]
        expect(gaussianNLLLoss(x, y, v, reduction: .none), losses)
        expect(GaussianNLLLoss()(x, y, v), [losses.reduce(0, +) / 4])
        let full = GaussianNLLLoss(full: true, reduction: .sum)
        expect(full(x, y, v), [losses.reduce(0, +) + 2 * log(2 * Double.pi)])
        // The slope of the variance passes its floor.
        let slope = slopes({ gaussianNLLLoss($0[0], $0[1], $0[2], eps: 0.5, reduction: .sum) }, at: x, y, v)
        expect(slope[0], [0.5, 0, -0.5, 0])
        expect(slope[1], [-0.5, 0, 0.5, 0])
        expect(slope[2], [0.5 * (0.5 - 0.25), 0.5, 0.5 * (0.25 - 0.25), 1])
    }

    @Test func sharedVariances() {
        let (x, y) = (Tensor([[1.0, 2], [3, 4]]), Tensor([[0.0, 2], [5, 4]]))
        let expected = [0.5 * (log(2.0) + 0.5), 0.5 * log(2.0), 0.5 * (log(4.0) + 1), 0.5 * log(4.0)]
        expect(gaussianNLLLoss(x, y, Tensor([2.0, 4]), reduction: .none), expected)
        expect(gaussianNLLLoss(x, y, Tensor([[2.0], [4]]), reduction: .none), expected)
        expect(
            gaussianNLLLoss(x, y, variance: 2, reduction: .none),
            gaussianNLLLoss(x, y, .full([2, 2], 2.0), reduction: .none).array(as: Double.self))
        expect(GaussianNLLLoss(reduction: .sum)(x, y, variance: 1), [2.5])
    }

    @Test func printedText() {
        let losses: [Module] = [KLDivLoss(logTarget: true), PoissonNLLLoss(full: true), GaussianNLLLoss(eps: 1)]
        #expect(losses.map(\.description) == ["KLDivLoss()", "PoissonNLLLoss()", "GaussianNLLLoss()"])
    }

    @Test func refusals() {
        let (a, b) = (Tensor.zeros(3, 4), Tensor.zeros(3))
        expectRefusal("kl_div: the input [3, 4] and the target [3] have different shapes") { _ = KLDivLoss()(a, b) }
        expectRefusal("kl_div: the input [3] is int64") { _ = klDiv(.zeros(3, dtype: .int64), b) }
        expectRefusal("poisson_nll_loss: the input [3, 4] and the target [3]") { _ = PoissonNLLLoss()(a, b) }
        expectRefusal("gaussian_nll_loss: the input [3, 4] and the target [3]") { _ = gaussianNLLLoss(a, b, a) }
        expectRefusal(
            "the variance [4] does not fit the input [3, 4]. Expected the input's shape, with 1 in the place of at "
                + "most one size, or [3]."
        ) { _ = gaussianNLLLoss(a, a, .ones(4)) }
        expectRefusal("the variance [3, 2] does not fit") { _ = GaussianNLLLoss()(a, a, .ones(3, 2)) }
        expectRefusal("the variance is -1.0. Expected 0 or a greater number") {
            _ = gaussianNLLLoss(a, a, variance: -1)
        }
        expectRefusal("element 1 of the variance is -1.0. Expected 0 or greater") {
            _ = gaussianNLLLoss(b, b, Tensor([1.0, -1, -2])).item()
        }
        expectRefusal("the variance [3] is int64") { _ = gaussianNLLLoss(b, b, .ones([3], dtype: .int64)) }
    }
}
