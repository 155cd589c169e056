import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import ApusTraining
import Testing

@Suite struct ModelSummaryTests {
    @Test func leNetHasTheFiguresOfThePaperAndPencil() throws {
        let summary = try ModelSummary(of: LeNet(), input: [1, 28, 28])
        #expect(summary.layers.map(\.path).first == "conv.0")
        #expect(summary.layers.map(\.type).last == "Linear")
        #expect(summary.layers.count == 11)
        #expect(summary.parameters == 44_426)
        let convolution = summary.layers[3]
        #expect(convolution.path == "conv.3")
        #expect(convolution.output == [16, 8, 8])
        #expect(convolution.parameters == 6 * 16 * 25 + 16)
        // Each of 16 · 8 · 8 results is a product with 6 · 5 · 5 weights.
        #expect(convolution.multiplyAdds == 16 * 8 * 8 * 6 * 25)
        // 5, then a pooling of 2 and stride 2, then 5 at a distance of 2: 5 + 1 + 4 · 2.
        #expect(convolution.receptiveField == 14)
        #expect(summary.layers.map(\.receptiveField) == [5, 5, 6, 14, 14, 16, 28, 28, 28, 28, 28])
        #expect(summary.multiplyAdds == 6 * 24 * 24 * 25 + 16 * 8 * 8 * 150 + 256 * 120 + 120 * 84 + 84 * 10)
    }

    /// Two branches that meet: 3×3 twice with stride 2 before, and a shortcut of 1×1.
    private final class Block: Module {
        let conv1 = Conv2d(2, 4, kernelSize: 3, stride: 2, padding: 1, bias: false)
        let conv2 = Conv2d(4, 4, kernelSize: 3, padding: 2, dilation: 2, groups: 2, bias: false)
        let shortcut = Conv2d(2, 4, kernelSize: 1, stride: 2)
        override func forward(_ x: Tensor) -> Tensor { conv2(conv1(x)) + shortcut(x) }
    }

    @Test func branchesMeet() throws {
        let summary = try ModelSummary(of: Sequential(Block(), ReLU()), input: [2, 8, 8])
        #expect(summary.layers.map(\.path) == ["0.conv1", "0.conv2", "0.shortcut", "1"])
        #expect(summary.layers.map(\.receptiveField) == [3, 3 + 2 * 2 * 2, 1, 11])
        #expect(summary.layers.map(\.output) == [[4, 4, 4], [4, 4, 4], [4, 4, 4], [4, 4, 4]])
        #expect(summary.layers.map(\.multiplyAdds) == [64 * 18, 64 * 18, 64 * 2, 0])
    }

    /// A module that multiplies by itself, with a parameter of its own.
    private final class Projection: Module {
        let weight = Parameter(.ones(4, 3))
        override func forward(_ x: Tensor) -> Tensor { x.flatten(from: 1).matmul(weight.tensor) }
    }

    @Test func whatAModuleDoesItselfCounts() throws {
        let summary = try ModelSummary(of: Projection(), input: [1, 2, 2])
        #expect(summary.layers.map(\.path) == [""])
        #expect(summary.layers.map(\.type) == ["Projection"])
        #expect(summary.layers.map(\.output) == [[3]])
        #expect(summary.layers.map(\.parameters) == [12])
        #expect(summary.layers.map(\.multiplyAdds) == [12])
        #expect(summary.layers.map(\.receptiveField) == [2])
    }

    @Test func aWrongSizeThrows() {
        #expect(throws: TensorError.self) { try ModelSummary(of: LeNet(), input: [1, 20, 20]) }
        #expect(throws: TensorError.self) { try ModelSummary(of: LeNet(), input: [3, 28, 28]) }
    }

    @Test func theModelKeepsItsMode() throws {
        let net = LeNet()
        _ = try ModelSummary(of: net, input: [1, 28, 28])
        #expect(net.isTraining)
    }
}
