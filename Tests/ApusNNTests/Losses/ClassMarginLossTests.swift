import ApusEngine
import ApusGraph
import ApusNN
import Testing

@Suite("Margins of classes")
struct ClassMarginLossTests {
    private let x = Tensor([[0.1, 0.2, 0.4, 0.8], [2, 0, 0, 1.5]])
    private let classes = Tensor([3, 0] as [Int64])

    @Test func severalClasses() {
        // Hinges 0.3, 0.4 and 0.6; then 0, 0 and 0.5.
        expect(multiMarginLoss(x, classes, reduction: .none), [1.3 / 4, 0.5 / 4])
        expect(MultiMarginLoss()(x, classes), [1.8 / 8])
        expect(multiMarginLoss(x, classes, p: 2, reduction: .none), [0.61 / 4, 0.25 / 4])
        let weight = Tensor([2.0, 1, 1, 3])
        expect(MultiMarginLoss(weight: weight, reduction: .sum)(x, classes), [(3 * 1.3 + 2 * 0.5) / 4])
        expect(multiMarginLoss(x, classes, margin: 0.5, reduction: .none), [0.1 / 4, 0])
        expect(multiMarginLoss(x, classes, margin: -1, reduction: .none), [0, 0])
        expect(multiMarginLoss(x, classes.cast(to: .uint8)), [1.8 / 8])
    }

    @Test func slopesOfSeveralClasses() {
        let slope = slopes({ multiMarginLoss($0[0], classes, reduction: .sum) }, at: x)[0]
        expect(slope, [0.25, 0.25, 0.25, -0.75, -0.25, 0, 0, 0.25])
        let squared = slopes({ multiMarginLoss($0[0], classes, p: 2, reduction: .sum) }, at: x)[0]
        expect(squared, [0.15, 0.2, 0.3, -0.65, -0.25, 0, 0, 0.25])
    }

    /// As in PyTorch a score of NaN costs nothing, and an infinite one costs everything.
    @Test func scoresThatAreNoNumbers() {
        let x = Tensor([[Double.nan, 1, 2, 0.5]])
        expect(multiMarginLoss(x, Tensor([2] as [Int64])), [0])
        #expect(multiMarginLoss(Tensor([[Double.infinity, 1]]), Tensor([1] as [Int64])).item() == Double.infinity)
    }

    @Test func withoutABatch() {
        let one = multiMarginLoss(x[0], Tensor(scalar: 3), reduction: .none)
        #expect(one.shape == [])
        expect(one, [1.3 / 4])
        #expect(multiMarginLoss(x[0], Tensor([3] as [Int64]), reduction: .none).shape == [1])
        // The mean of no losses is 0 here.
        expect(multiMarginLoss(.zeros(0, 4), .zeros(0, dtype: .int64)), [0])
        #expect(multiMarginLoss(.zeros(0, 4), .zeros(0, dtype: .int64), reduction: .none).shape == [0])
    }

    @Test func severalLabels() {
        let labels = Tensor([[3, 0, -1, 1], [-1, 0, 1, 2]] as [[Int64]])
        expect(multilabelMarginLoss(x, labels, reduction: .none), [0.85, 0])
        expect(MultiLabelMarginLoss()(x, labels), [0.425])
        let one = multilabelMarginLoss(x[0], labels[0], reduction: .none)
        #expect(one.shape == [])
        expect(one, [0.85])
        // Terms 0.4 and 0.6 of class 3, 1.1 and 1.3 of class 0.
        let slope = slopes({ MultiLabelMarginLoss(reduction: .sum)($0[0], labels) }, at: x)[0]
        expect(slope, [-0.5, 0.5, 0.5, -0.5, 0, 0, 0, 0])
        expect(multilabelMarginLoss(.zeros(0, 4), .zeros(0, 4, dtype: .int64)), [0])
        expect(multilabelMarginLoss(Tensor(scalar: 3.0), Tensor(scalar: 0)), [0])
    }

    @Test func printedText() {
        let weighted = MultiMarginLoss(weight: .ones(4))
        #expect(weighted.description == "MultiMarginLoss()")
        #expect(weighted.stateDict().keys == ["weight"])
        #expect(MultiLabelMarginLoss().description == "MultiLabelMarginLoss()")
    }

    @Test func refusals() {
        expectRefusal("MultiMarginLoss: p is 3. Expected 1 or 2") { _ = MultiMarginLoss(p: 3) }
        expectRefusal("MultiMarginLoss: the weight [2, 2] must have one dimension") {
            _ = MultiMarginLoss(weight: .ones(2, 2))
        }
        expectRefusal("multi_margin_loss: the weight [3] must have one element for each of the 4 classes") {
            _ = multiMarginLoss(x, classes, weight: .ones(3))
        }
        expectRefusal("the input [1, 2, 4] must be [N, C] or [C], with at least one class") {
            _ = multiMarginLoss(x.unsqueeze(dim: 0), classes)
        }
        expectRefusal("the input [2, 0] must be") { _ = multiMarginLoss(.zeros(2, 0), classes) }
        expectRefusal("multi_margin_loss: the target [2] is float32. Classes are int64 or uint8") {
            _ = multiMarginLoss(x, .zeros(2))
        }
        expectRefusal("the class -1 of sample 1 is out of range for 4 classes. Classes count from 0 to 3.") {
            _ = multiMarginLoss(x, Tensor([0, -1] as [Int64])).item()
        }
        expectRefusal("multilabel_margin_loss: the input [2, 4] and the target [2] have different shapes") {
            _ = multilabelMarginLoss(x, classes)
        }
        expectRefusal("the input is float32, the labels are float32. Expected float32 and int64") {
            _ = multilabelMarginLoss(x, x)
        }
        expectRefusal("the input [1, 2, 4] must be [N, C] or [C]") {
            _ = multilabelMarginLoss(x.unsqueeze(dim: 0), .zeros(1, 2, 4, dtype: .int64))
        }
        expectRefusal("the label 4 of sample 1 is out of range for 4 classes") {
            _ = multilabelMarginLoss(x, Tensor([[0, -1, 0, 0], [-1, 4, 0, 0]] as [[Int64]])).item()
        }
    }
}
