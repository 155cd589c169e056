import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import Testing

/// The first weights have the distributions of torchvision's models, or of the papers.
@Suite struct FreshWeightsTests {
    /// Expects normal numbers of mean 0; the bounds are six standard errors of so many numbers.
    private func expectNormal(_ parameter: Parameter, deviation: Double, _ name: String) {
        let (count, data) = (Double(parameter.count), parameter.data)
        let (mean, found) = (data.mean().item(as: Double.self), data.std(correction: 0).item(as: Double.self))
        #expect(abs(mean) <= 6 * deviation / count.squareRoot(), "\(name): mean \(mean)")
        #expect(abs(found / deviation - 1) <= 6 / (2 * count).squareRoot(), "\(name): deviation \(found)")
        // Of even numbers none is beyond √3 deviations.
        let largest = data.abs().max().item(as: Double.self)
        #expect(largest > 2 * deviation, "\(name): largest \(largest)")
    }

    private func parameter(_ model: Module, _ name: String) throws -> Parameter {
        try #require(model.namedParameters().first { $0.name == name }?.parameter, "\(name)")
    }

    private func expectZeros(_ model: Module, _ name: String) throws {
        let largest = try parameter(model, name).data.abs().max().item(as: Double.self)
        #expect(largest == 0, "\(name)")
    }

    /// Fan out of a convolution: outputs · kernel.
    private func fanOut(_ channels: Int, _ kernel: Int) -> Double {
        (2 / Double(channels * kernel * kernel)).squareRoot()
    }

    @Test func vgg() throws {
        let model = VGG([64, .pool, 128, .pool], hidden: 96, pool: 2)
        expectNormal(try parameter(model, "features.0.weight"), deviation: fanOut(64, 3), "features.0")
        expectNormal(try parameter(model, "features.3.weight"), deviation: fanOut(128, 3), "features.3")
        expectNormal(try parameter(model, "classifier.0.weight"), deviation: 0.01, "classifier.0")
        for name in ["features.0.bias", "classifier.0.bias", "classifier.6.bias"] { try expectZeros(model, name) }
    }

    @Test func residualNetworks() throws {
        let model = ResNet(.resNet18, numClasses: 10, width: 32)
        expectNormal(try parameter(model, "conv1.weight"), deviation: fanOut(32, 7), "conv1")
        expectNormal(
            try parameter(model, "layer2.0.downsample.0.weight"), deviation: fanOut(64, 1), "layer2.0.downsample.0")
        // The linear layer keeps its own: even numbers within ±1 / √256.
        let largest = try parameter(model, "fc.weight").data.abs().max().item(as: Double.self)
        #expect(largest <= 1.0 / 16 && largest > 0.99 / 16)

        let small = CIFARResNet(depth: 20)
        expectNormal(try parameter(small, "layer3.0.conv1.weight"), deviation: fanOut(64, 3), "layer3.0.conv1")
    }

    @Test func mobileNet() throws {
        let model = MobileNetV2(numClasses: 20)
        // A convolution of each channel alone: PyTorch's fan out counts all outputs.
        expectNormal(
            try parameter(model, "features.5.conv.1.0.weight"), deviation: fanOut(192, 3), "features.5.conv.1.0")
        expectNormal(try parameter(model, "classifier.1.weight"), deviation: 0.01, "classifier.1")
        try expectZeros(model, "classifier.1.bias")
    }

    @Test func googLeNet() throws {
        let model = GoogLeNet(numClasses: 10, divide: 4)
        for name in ["conv1.conv.weight", "inception4a.branch2.1.conv.weight", "aux1.fc1.weight", "fc.weight"] {
            expectNormal(try parameter(model, name), deviation: 0.01, name)
        }
    }
}
