import ApusEngine
import ApusGraph
import ApusNN
import Foundation
import Testing

@Suite struct LossTests {
    /// Two samples of three classes whose probabilities are 1/2, 1/4, 1/4 and 1/5, 2/5, 2/5.
    private let logits = Tensor([[log(2.0), 0, 0], [0, log(2.0), log(2.0)]])

    @Test func crossEntropyOfClasses() {
        let target = Tensor([0, 2] as [Int64])
        let (a, b) = (log(2.0), log(2.5))
        expect(crossEntropy(logits, target, reduction: .none), [a, b])
        expect(crossEntropy(logits, target), [(a + b) / 2])
        expect(crossEntropy(logits, target, reduction: .sum), [a + b])
        let weight = Tensor([1.0, 5.0, 3.0])
        expect(crossEntropy(logits, target, weight: weight), [(a + 3 * b) / 4])
        expect(crossEntropy(logits, target, weight: weight, ignoreIndex: 0), [b])
        expect(crossEntropy(logits, target.cast(to: .uint8)), [(a + b) / 2])
        expect(crossEntropy(logits[0], Tensor(scalar: 0)), [a])
    }

    @Test func crossEntropyWithSmoothing() {
        let target = Tensor([0, 2] as [Int64])
        let (a, b) = (log(2.0), log(2.5))
        // The mean of −log p over the classes.
        let (u, v) = ((log(2.0) + 2 * log(4.0)) / 3, (log(5.0) + 2 * log(2.5)) / 3)
        expect(
            crossEntropy(logits, target, reduction: .none, labelSmoothing: 0.3), [0.7 * a + 0.3 * u, 0.7 * b + 0.3 * v])
        expect(crossEntropy(logits, target, labelSmoothing: 0.3), [(0.7 * (a + b) + 0.3 * (u + v)) / 2])
        expect(crossEntropy(logits, target, ignoreIndex: 2, labelSmoothing: 0.3), [0.7 * a + 0.3 * u])
    }

    @Test func crossEntropyOfProbabilities() {
        let target = Tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
        let (a, b) = ((log(2.0) + log(4.0)) / 2, log(2.5))
        expect(crossEntropy(logits, target, reduction: .none), [a, b])
        expect(crossEntropy(logits, target), [(a + b) / 2])
        let weight = Tensor([2.0, 4.0, 1.0])
        expect(crossEntropy(logits, target, weight: weight, reduction: .sum), [log(2.0) + 2 * log(4.0) + b])
        expect(crossEntropy(logits, target, weight: weight), [(log(2.0) + 2 * log(4.0) + b) / 2])
    }

    @Test func theGradientIsTheProbabilitiesWithoutTheTruth() {
        let leaf = logits.requiringGrad()
        crossEntropy(leaf, Tensor([0, 2] as [Int64])).backward()
        expect(leaf.grad ?? .zeros(1), [-0.25, 0.125, 0.125, 0.1, 0.2, -0.3])
    }

    @Test func imagesHaveALossAtEachPixel() {
        let input = Tensor.zeros(2, 4, 3, 3)
        let target = Tensor.zeros(2, 3, 3, dtype: .int64)
        #expect(crossEntropy(input, target, reduction: .none).shape == [2, 3, 3])
        expect(crossEntropy(input, target), [log(4.0)])
    }

    @Test func logitsWithoutABatch() {
        let (one, all) = (Tensor([2] as [Int64]), Tensor([2, 2] as [Int64]))
        let expected = crossEntropy(logits, all, reduction: .none, labelSmoothing: 0.2)[0].array(as: Double.self)
        for target in [one, one[0]] {
            for reduction in [LossReduction.none, .mean, .sum] {
                let loss = crossEntropy(logits[0], target, reduction: reduction, labelSmoothing: 0.2)
                #expect(loss.shape == [])
                expect(loss, expected)
            }
            #expect(nllLoss(logits[0], target, reduction: .none).shape == [])
            expect(crossEntropy(logits[0], target, ignoreIndex: 2, reduction: .none), [0])
        }
        let weight = Tensor([1.0, 5.0, 3.0])
        expect(crossEntropy(logits[0], one, weight: weight, reduction: .sum), [3 * log(4)])
        let truth = Tensor([0.5, 0.5, 0])
        expect(crossEntropy(logits[0], truth), [(log(2.0) + log(4.0)) / 2])
    }

    /// The losses of an image are those of its pixels.
    @Test(arguments: [0, 0.3]) func planesAgreeWithRows(labelSmoothing: Double) {
        let generator = Generator(seed: 5)
        let planes = Tensor.uniform([2, 5, 3, 7], low: -4, high: 4, generator: generator)
        let target = Tensor((0..<42).map { Int64($0 * 7 % 5) }, shape: [2, 3, 7])
        let weight = Tensor([1, 0.5, 2, 0.1, 3])
        let rows = planes.permute(0, 2, 3, 1).reshape(42, 5)
        let ofPlanes = slopes(
            {
                crossEntropy($0[0], target, weight: weight, ignoreIndex: 3, labelSmoothing: labelSmoothing)
            }, at: planes)[0]
        let ofRows = slopes(
            {
                crossEntropy($0[0], target.reshape(42), weight: weight, ignoreIndex: 3, labelSmoothing: labelSmoothing)
            }, at: rows)[0]
        expect(ofPlanes.permute(0, 2, 3, 1).reshape(42, 5), ofRows.array(as: Double.self))
        let one = crossEntropy(planes, target, weight: weight, labelSmoothing: labelSmoothing)
        let other = crossEntropy(rows, target.reshape(42), weight: weight, labelSmoothing: labelSmoothing)
        expect(one, other.array(as: Double.self))
    }

    @Test func nothingToAverageIsNaN() {
        let ignored = Tensor([-100, -100] as [Int64])
        expect(crossEntropy(logits, ignored), [.nan])
        expect(crossEntropy(logits, ignored, labelSmoothing: 0.2), [.nan])
        expect(crossEntropy(logits, ignored, reduction: .sum), [0])
        expect(crossEntropy(.zeros(0, 3), .zeros(0, dtype: .int64)), [.nan])
        expect(crossEntropy(.zeros(0, 3), .zeros(0, 3)), [.nan])
        #expect(crossEntropy(.zeros(0, 3, 2), .zeros(0, 2, dtype: .int64), reduction: .none).shape == [0, 2])
    }

    @Test func negativeLogLikelihoodTakesLogarithms() {
        let target = Tensor([1, 0] as [Int64])
        expect(nllLoss(Tensor([[-1.0, -2.0], [-3.0, -4.0]]), target), [2.5])
        expect(NLLLoss(ignoreIndex: 1)(Tensor([[-1.0, -2.0], [-3.0, -4.0]]), target), [3])
    }

    @Test func squaredErrors() {
        let (a, b) = (Tensor([1.0, 5.0]), Tensor([3.0, 4.0]))
        expect(mseLoss(a, b), [2.5])
        expect(mseLoss(a, b, reduction: .sum), [5])
        expect(MSELoss(reduction: .none)(a, b), [4, 1])
    }

    @Test func gradientFunctionsHavePyTorchsNames() {
        let leaf = logits.requiringGrad()
        let target = Tensor([0, 2] as [Int64])
        #expect(crossEntropy(leaf, target).gradientFunctionName == "NllLossBackward0")
        #expect(crossEntropy(leaf, target, reduction: .sum).gradientFunctionName == "NllLossBackward0")
        #expect(crossEntropy(leaf, target, reduction: .none).gradientFunctionName == "NllLossBackward0")
        #expect(crossEntropy(leaf, target, labelSmoothing: 0.1).gradientFunctionName == "AddBackward0")
        #expect(crossEntropy(leaf, logits).gradientFunctionName == "DivBackward1")
        #expect(mseLoss(leaf, logits).gradientFunctionName == "MseLossBackward0")
    }

    @Test func modulesHaveTheSameResults() {
        let target = Tensor([0, 2] as [Int64])
        let loss = CrossEntropyLoss(weight: Tensor([1.0, 5.0, 3.0]), labelSmoothing: 0.1)
        expect(
            loss(logits, target),
            crossEntropy(logits, target, weight: Tensor([1.0, 5.0, 3.0]), labelSmoothing: 0.1).array(as: Double.self))
        #expect(loss.stateDict().keys == ["weight"])
        #expect(loss.description == "CrossEntropyLoss()")
    }

    @Test func whatDoesNotFitIsRefused() {
        func refuse(_ fragment: String, _ body: () -> Void) {
            let text = message(of: body)
            #expect(text?.contains(fragment) == true, "\(text ?? "nothing was refused")")
        }
        let classes = Tensor([0, 1] as [Int64])
        refuse("[3, 4] asks for classes of shape [3], but the target has shape [2]. The input holds 3 samples") {
            _ = crossEntropy(.zeros(3, 4), classes)
        }
        refuse("[2, 3, 2]") { _ = crossEntropy(.zeros(2, 4, 3, 3), .zeros(2, 3, 2, dtype: .int64)) }
        refuse("the weight [3] must have one element for each of the 4 classes") {
            _ = crossEntropy(.zeros(2, 4), classes, weight: .ones(3))
        }
        refuse("[3, 5] is float32") { _ = crossEntropy(.zeros(3, 4), .zeros(3, 5)) }
        refuse("labelSmoothing is 1.5") { _ = crossEntropy(.zeros(2, 4), classes, labelSmoothing: 1.5) }
        refuse("labelSmoothing is -0.1") { _ = crossEntropy(.zeros(2, 4), classes, labelSmoothing: -0.1) }
        refuse("labelSmoothing is nan") { _ = crossEntropy(.zeros(2, 4), classes, labelSmoothing: .nan) }
        refuse("ignoreIndex 1 has no meaning") { _ = crossEntropy(.zeros(2, 4), .zeros(2, 4), ignoreIndex: 1) }
        refuse("nll_loss: the input [2, 3]") { _ = nllLoss(.zeros(2, 3), .zeros(3, dtype: .int64)) }
        refuse("mse_loss: the input [3, 4] and the target [3, 5]") { _ = mseLoss(.zeros(3, 4), .zeros(3, 5)) }
    }

    @Test(arguments: [4, -1])
    func aClassOutOfRangeIsAnErrorWhenTheLossIsRead(_ wrong: Int) {
        let target = Tensor([0, Int64(wrong), 1] as [Int64])
        let text = message { _ = crossEntropy(.zeros(3, 4), target).item(as: Double.self) }
        #expect(text?.contains("\(wrong)") == true)
    }

    @Test func classesOfTheShapeOfProbabilitiesAreRefused() {
        let text = message { _ = crossEntropy(.zeros(1), .zeros([1], dtype: .int64)) }
        #expect(text?.contains("the target has the input's shape [1], as class probabilities have, but is") == true)
    }
}
