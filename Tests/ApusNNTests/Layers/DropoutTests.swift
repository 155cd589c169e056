import ApusEngine
import ApusGraph
import ApusNN
import Testing

@Suite struct DropoutTests {
    private func values(_ tensor: Tensor) -> [Float] { tensor.array() }

    /// 5 standard errors of the share of zeros, which a right generator misses once in a million; the seed is fixed.
    @Test(arguments: [0.1, 0.5, 0.9]) func dropsTheShareAndScalesTheRest(p: Double) {
        let count = 100_000
        let generator = Generator(seed: 3)
        let kept = values(Tensor.ones(count).dropout(p: p, generator: generator))
        let scale = Float(1 / (1 - p))
        #expect(kept.allSatisfy { $0 == 0 || abs($0 - scale) <= 1e-6 * scale })
        let zeros = Double(kept.count { $0 == 0 }) / Double(count)
        #expect(abs(zeros - p) < 5 * (p * (1 - p) / Double(count)).squareRoot())
    }

    @Test func differsFromCallToCallAndRepeatsWithItsSeed() {
        let layer = Dropout()
        let x = Tensor.ones(1_000)
        #expect(values(layer(x)) != values(layer(x)))
        // Tests beside this one draw from the same generator: once more until nobody has.
        for _ in 0..<1000 {
            manualSeed(7)
            let first = values(layer(x))
            let end = Generator.shared.state
            manualSeed(7)
            let second = values(layer(x))
            guard Generator.shared.state == end else { continue }
            #expect(second == first)
            return
        }
        Issue.record("other tests drew random numbers a thousand times in between")
    }

    /// Drawn again in the next step by the plan that is there already. Other tests make plans and set the seed at the same
    /// time, so that one of many steps with other numbers and without a new plan must do.
    @Test func newNumbersNeedNoNewPlan() {
        let layer = Sequential(Dropout(), Dropout2d())
        let x = Tensor.ones(4, 50, 2, 2).requiringGrad()
        func step() -> [Float] { values(layer(x).sum().gradients(withRespectTo: [x])[0]) }
        var last = step()
        let isRepeated = (0..<200).contains { _ in
            let plans = Engine.shared.counters.plansMade
            let next = step()
            defer { last = next }
            return next != last && Engine.shared.counters.plansMade == plans
        }
        #expect(isRepeated)
    }

    @Test func theGradientHasTheMaskOfTheForwardPass() {
        for layer in [Dropout(0.3), Dropout1d(0.3), Dropout2d(0.3), Dropout3d(0.3)] as [Module] {
            let x = Tensor.ones(3, 20, 4, 1, 5)
            let input = (layer is Dropout1d ? x.reshape(3, 20, 20) : x).requiringGrad()
            let y = layer(input)
            let gradient = (y * 3).sum().gradients(withRespectTo: [input])[0]
            // Read apart, so that the gradient is a plan of its own.
            let result = values(y)
            #expect(values(gradient) == result.map { $0 * 3 }, "\(layer)")
        }
    }

    @Test func evaluationAndZeroProbabilityKeepTheInput() {
        let x = Tensor([1.0, -2.0]).requiringGrad()
        for layer in [Dropout().eval(), Dropout(0), AlphaDropout().eval(), AlphaDropout(0)] as [Module] {
            let y = layer(x)
            #expect(values(y) == [1, -2])
            #expect(y.gradientFunctionName == nil)
        }
    }

    @Test func certainDropoutGivesZeros() {
        let x = Tensor.ones(2, 3, 2).requiringGrad()
        for layer in [Dropout(1), Dropout1d(1), Dropout2d(1), AlphaDropout(1), FeatureAlphaDropout(1)] as [Module] {
            let y = layer(x)
            let gradient = y.sum().gradients(withRespectTo: [x])[0]
            #expect(values(y) == [Float](repeating: 0, count: 12), "\(layer)")
            #expect(values(gradient) == [Float](repeating: 0, count: 12), "\(layer)")
        }
    }

    @Test func channelsAreDroppedWhole() {
        manualSeed(1)
        let channels = values(Dropout2d(0.5)(.ones(8, 32, 3, 3)))
        for channel in 0..<256 {
            let plane = channels[(channel * 9)..<(channel * 9 + 9)]
            #expect(Set(plane).count == 1)
        }
        let kept = (0..<256).count { channels[$0 * 9] == 2 }
        #expect(kept > 88 && kept < 168)
        // Without a batch the first dimension is the channels'.
        let sequence = values(Dropout1d(0.5)(.ones(64, 7)))
        #expect((0..<64).allSatisfy { Set(sequence[($0 * 7)..<($0 * 7 + 7)]).count == 1 })
        #expect(Set(sequence) == [0, 2])
    }

    /// Mean 0 and variance 1 stay so: 5 standard errors of 200,000 numbers, with a fourth moment of at most 6.
    @Test(arguments: [0.1, 0.5]) func alphaDropoutKeepsTheMoments(p: Double) {
        let count = 200_000
        let generator = Generator(seed: 4)
        let x = Tensor.randn(Shape([count]), generator: generator)
        let y = x.alphaDropout(p: p, training: true, generator: generator).array(as: Double.self)
        let mean = y.reduce(0, +) / Double(count)
        let variance = y.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        #expect(abs(mean) < 5 / Double(count).squareRoot())
        #expect(abs(variance - 1) < 5 * (5 / Double(count)).squareRoot())
        // What is dropped has one value, a · α′ + b.
        let alpha = -1.7580993408473766
        let a = 1 / ((1 - p) * (1 + p * alpha * alpha)).squareRoot()
        let dropped = y.count { abs($0 - (a * alpha - a * p * alpha)) < 1e-5 }
        #expect(abs(Double(dropped) / Double(count) - p) < 0.01)
    }

    @Test func creation() {
        let generator = Generator(seed: 9)
        #expect(Set(values(.bernoulli([2, 500], p: 0.5, generator: generator))) == [0, 1])
        let sure = Tensor([0.0, 1.0, 0.0, 1.0]).bernoulli(generator: generator)
        #expect(values(sure) == [0, 1, 0, 1])
        let order = Tensor.randperm(100, generator: generator).array(as: Int.self)
        #expect(order != Array(0..<100))
        #expect(order.sorted() == Array(0..<100))
        let integers = Tensor.randint(-2, 3, [1_000], generator: generator).array(as: Int.self)
        #expect(Set(integers) == [-2, -1, 0, 1, 2])
    }
}
