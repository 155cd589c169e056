import ApusEngine
import ApusGraph
import ApusNN
import Testing

@Suite("Losses of errors")
struct ErrorLossTests {
    private let x = Tensor([0.0, 1, -3, 5])
    private let y = Tensor([0.5, 1, 1, 2])

    @Test func absoluteErrors() {
        expect(l1Loss(x, y, reduction: .none), [0.5, 0, 4, 3])
        expect(l1Loss(x, y), [1.875])
        expect(L1Loss(reduction: .sum)(x, y), [7.5])
        expect(slopes({ l1Loss($0[0], $0[1], reduction: .none) }, at: x, y)[0], [-1, 0, -1, 1])
        expect(slopes({ l1Loss($0[0], $0[1], reduction: .none) }, at: x, y)[1], [1, 0, 1, -1])
    }

    @Test func weights() {
        let w = Tensor([1.0, 2, 3, 4])
        expect(l1Loss(x, y, reduction: .none, weight: w), [0.5, 0, 12, 12])
        expect(l1Loss(x, y, weight: w), [2.45])
        expect(mseLoss(x, y, weight: w), [(0.25 + 48 + 36) / 10])
        expect(mseLoss(x, y, reduction: .sum, weight: w), [84.25])
        // Huber's mean does not divide by the weights.
        expect(huberLoss(x, y, weight: w), [(0.125 + 3 * 3.5 + 4 * 2.5) / 4])
    }

    @Test func roundTips() {
        expect(smoothL1Loss(x, y, reduction: .none), [0.125, 0, 3.5, 2.5])
        expect(smoothL1Loss(x, y, reduction: .none, beta: 4), [0.03125, 0, 2, 1.125])
        expect(SmoothL1Loss(beta: 4)(x, y), [(0.03125 + 2 + 1.125) / 4])
        expect(smoothL1Loss(x, y, reduction: .none, beta: 0), [0.5, 0, 4, 3])
        expect(smoothL1Loss(x, y, reduction: .none, beta: .infinity), [0, 0, 0, 0])
        expect(huberLoss(x, y, reduction: .none), [0.125, 0, 3.5, 2.5])
        expect(huberLoss(x, y, reduction: .none, delta: 3), [0.125, 0, 7.5, 4.5])
        expect(HuberLoss(reduction: .sum, delta: 3)(x, y), [12.125])
        expect(huberLoss(x, y, reduction: .none, delta: .infinity), [0.125, 0, 8, 4.5])
    }

    @Test func slopesOfRoundTips() {
        expect(slopes({ smoothL1Loss($0[0], $0[1], beta: 4) }, at: x, y)[0], [-0.03125, 0, -0.25, 0.1875])
        expect(slopes({ huberLoss($0[0], $0[1], reduction: .sum, delta: 3) }, at: x, y)[0], [-0.5, 0, -3, 3])
    }

    /// Infinite errors have the slope of the line, and NaN stays NaN.
    @Test func extremeErrors() {
        let x = Tensor([Double.infinity, -.infinity, .nan, 3e38])
        let zero = Tensor.zeros(4)
        expect(huberLoss(x, zero, reduction: .none, delta: 2), [.infinity, .infinity, .nan, .infinity])
        expect(slopes({ huberLoss($0[0], zero, reduction: .none, delta: 2) }, at: x)[0], [2, -2, .nan, 2])
        expect(slopes({ smoothL1Loss($0[0], zero, reduction: .none) }, at: x)[0], [1, -1, .nan, 1])
        expect(l1Loss(x, zero, reduction: .none), [.infinity, .infinity, .nan, Double(Float(3e38))])
    }

    @Test func shapesBroadcast() {
        let rows = Tensor([[1.0, 2], [3, 4]])
        let row = Tensor([1.0, 1])
        expect(l1Loss(rows, row, reduction: .none), [0, 1, 2, 3])
        expect(mseLoss(rows, row), [3.5])
        expect(huberLoss(rows, row, reduction: .sum), [0 + 0.5 + 1.5 + 2.5])
        expect(smoothL1Loss(rows, row, reduction: .sum), [4.5])
    }

    /// No elements have no mean, and the sum 0.
    @Test func emptyBatches() {
        let none = Tensor.zeros(0, 3)
        for loss in [L1Loss(), MSELoss(), HuberLoss(), SmoothL1Loss()] as [Module] {
            #expect(loss.stateDict().keys == [])
        }
        expect(l1Loss(none, none), [.nan])
        expect(mseLoss(none, none, reduction: .sum), [0])
        #expect(huberLoss(none, none, reduction: .none).shape == [0, 3])
        expect(slopes({ smoothL1Loss($0[0], none) }, at: none)[0], [])
    }

    @Test func printedText() {
        let losses: [Module] = [L1Loss(), MSELoss(), HuberLoss(delta: 2), SmoothL1Loss(beta: 2)]
        #expect(losses.map(\.description) == ["L1Loss()", "MSELoss()", "HuberLoss()", "SmoothL1Loss()"])
    }

    @Test func refusals() {
        let (a, b) = (Tensor.zeros(3, 4), Tensor.zeros(2, 4))
        expectRefusal("l1_loss: the input [3, 4] and the target [2, 4] have different shapes") { _ = l1Loss(a, b) }
        expectRefusal("mse_loss: the input [3, 4] and the target [2, 4]") { _ = mseLoss(a, b) }
        expectRefusal("huber_loss: the input [3, 4] and the target [2, 4]") { _ = huberLoss(a, b) }
        expectRefusal("smooth_l1_loss: the input [3, 4] and the target [2, 4]") { _ = smoothL1Loss(a, b) }
        expectRefusal("huber_loss: delta is 0.0. Expected a number greater than 0") { _ = huberLoss(a, a, delta: 0) }
        expectRefusal("delta is nan") { _ = HuberLoss(delta: .nan)(a, a) }
        expectRefusal("smooth_l1_loss: beta is -1.0. Expected 0 or") { _ = SmoothL1Loss(beta: -1)(a, a) }
        expectRefusal("beta is nan") { _ = smoothL1Loss(a, a, beta: .nan) }
        expectRefusal("l1_loss: the weight [4] must have the input's shape [3, 4]") {
            _ = l1Loss(a, a, weight: .ones(4))
        }
        let integers = Tensor.zeros(3, dtype: .int64)
        expectRefusal("mse_loss: the input [3] is int64. Expected real numbers") { _ = mseLoss(integers, integers) }
    }
}
