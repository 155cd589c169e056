import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import Testing

/// Numbers learned, shapes of other images and arguments, and what is refused.
@Suite struct ModelShapesTests {
    private func learned(_ model: Module) -> Int { model.parameters().map(\.count).reduce(0, +) }

    /// Table 6 of He et al. 2015: 0.27, 0.46, 0.66 and 0.85 million; exactly, convolutions 9 · Σ in · out, batch norms
    /// twice their channels, and the linear layer.
    @Test(arguments: [(20, 269_722, 0.27), (32, 464_154, 0.46), (44, 658_586, 0.66), (56, 853_018, 0.85)])
    func residualNetworksOfSmallImagesHaveThePapersSize(_ depth: Int, _ count: Int, _ millions: Double) {
        let model = CIFARResNet(depth: depth)
        #expect(learned(model) == count)
        #expect((Double(count) / 1e4).rounded() / 100 == millions)
        // Convolutions, and the linear layer: shortcuts have none.
        let layers = model.modules().filter { $0 is Conv2d || $0 is Linear }
        #expect(layers.count == depth)
        #expect(model.stateDict().keys.filter { $0.contains("downsample") } == [])
    }

    @Test func numbersLearned() {
        #expect(learned(CNN2()) == 29_002)
        #expect(learned(TrashNet()) == 133_514)
        #expect(learned(NiN()) == 1_992_166)
        #expect(learned(ResNet9()) == 6_573_120)
        #expect(learned(GoogLeNet(auxLogits: false)) == 6_624_904)
    }

    /// 17 blocks, of which the first has one activation and the others two, and the first and last convolution.
    @Test func mobileNetsActivationsAreCutAtSix() {
        let modules = MobileNetV2().modules()
        #expect(modules.count { $0 is ReLU6 } == 35)
        #expect(!modules.contains { $0 is ReLU })
        #expect(modules.count { ($0 as? InvertedResidual)?.useResConnect == true } == 10)
    }

    @Test func keysOfTheTutorials() {
        #expect(
            CNN2().stateDict().keys == [
                "conv1.0.weight", "conv1.0.bias", "conv2.0.weight", "conv2.0.bias", "conv2.1.weight", "conv2.1.bias",
                "conv2.1.running_mean", "conv2.1.running_var", "conv2.1.num_batches_tracked", "fc.weight", "fc.bias",
            ])
        let keys = TrashNet().stateDict().keys
        #expect(Set(keys.map { $0.split(separator: ".")[0] }) == ["conv1", "bn1", "res1", "res2", "linarg"])
        #expect(keys.contains("res1.conv3.weight") && !keys.contains("res2.conv3.weight"))
        #expect(
            NiN().stateDict().keys
                == [0, 2, 4, 7].flatMap { block in
                    [0, 2, 4].flatMap { ["net.\(block).\($0).weight", "net.\(block).\($0).bias"] }
                })
    }

    /// An odd batch, two channels and three classes, on images that are not square.
    @Test func otherBatchesChannelsAndClasses() {
        let image = Tensor.rand(3, 2, 97, 75)
        let models: [Module] = [
            AlexNet(numClasses: 3, inChannels: 2, widths: [4, 6, 8, 6, 6], hidden: 10),
            VGG([4, .pool, 6, 6, .pool, 8], numClasses: 3, inChannels: 2, hidden: 10, pool: 3, batchNorm: true),
            NiN(numClasses: 3, inChannels: 2, widths: [4, 6, 8]),
            NiN(numClasses: 3, inChannels: 2, widths: [4, 6, 8], pooling: .maximum),
            GoogLeNet(numClasses: 3, inChannels: 2, divide: 16),
            ResNet(.resNet18, numClasses: 3, inChannels: 2, width: 4),
            ResNet(.bottleneck, counts: [1, 2, 1, 1], numClasses: 3, inChannels: 2, width: 4),
            CIFARResNet(depth: 8, numClasses: 3, inChannels: 2),
            ResNet9(numClasses: 3, inChannels: 2, width: 4),
            MobileNetV2(numClasses: 3, inChannels: 2, widthMultiplier: 0.25),
            TrashNet(numClasses: 3, inChannels: 2, blocks: [.init(4, 4), .init(4, 6, use1x1Conv: true, strides: 3)]),
        ]
        for model in models {
            let logits = model(image)
            #expect(logits.shape == [3, 3], "\(model.typeName)")
            logits.sum().backward()
            let finite = logits.array(as: Float.self).filter(\.isFinite)
            #expect(finite.count == 9, "\(model.typeName)")
            // All weights but those of the heads, which a plain call leaves out, have a gradient.
            let without = model.namedParameters().filter { $0.parameter.grad == nil && !$0.name.hasPrefix("aux") }
            #expect(without.map(\.name) == [], "\(model.typeName)")
        }
    }

    @Test func headsSpeakInTrainingOnly() {
        let model = GoogLeNet(numClasses: 5, divide: 16)
        let images = Tensor.rand(2, 3, 64, 64)
        let (logits, auxiliaries) = model.logitsWithAuxiliaries(images)
        #expect(logits.shape == [2, 5])
        #expect(auxiliaries.map(\.shape) == [[2, 5], [2, 5]])
        (logits.sum() + auxiliaries[0].sum() + auxiliaries[1].sum()).backward()
        let without = model.namedParameters().filter { $0.parameter.grad == nil }
        #expect(without.map(\.name) == [])
        #expect(model.auxiliaryWeight == 0.3)

        model.eval()
        #expect(model.logitsWithAuxiliaries(images).auxiliaries.isEmpty)
        #expect(GoogLeNet(divide: 16, auxLogits: false).logitsWithAuxiliaries(images).auxiliaries.isEmpty)
    }

    @Test func theFirstLogitsOfResNet9AreScaled() {
        let (plain, scaled) = (ResNet9(width: 4, scale: 1).eval(), ResNet9(width: 4).eval())
        #expect(throws: Never.self) { try scaled.load(plain.stateDict()) }
        let image = Tensor.rand(1, 3, 32, 32)
        #expect(scaled(image).array() == plain(image).array().map { $0 / 8 })
    }

    /// The mean and the largest of the same features.
    @Test func poolingsOfNiN() {
        let (mean, largest) = (
            NiN(numClasses: 3, widths: [4, 6, 8]).eval(),
            NiN(numClasses: 3, widths: [4, 6, 8], pooling: .maximum).eval()
        )
        #expect(throws: Never.self) { try largest.load(mean.stateDict()) }
        let image = Tensor.rand(1, 1, 160, 160)
        let features = Sequential(Array(mean.net[0..<8]))(image)
        #expect(features.shape.dimensions.dropFirst(2).allSatisfy { $0 > 1 })
        #expect(mean(image).allClose(features.mean(dim: [2, 3])))
        #expect(largest(image).allClose(features.amax(dim: [2, 3])))
    }

    @Test(arguments: [
        ("alexnet", 62, "features.12: max_pool2d: the window [3, 3]"), ("vgg16", 31, "features.30: max_pool2d"),
        ("nin", 66, "net.5: max_pool2d"), ("googlenet", 14, "maxpool3: max_pool2d"),
        ("resnet9", 7, "layer3.1: max_pool2d"), ("cnn2", 32, "fc: Linear(in_features: 1568): the input has 2048"),
    ])
    func aSmallImageIsExplained(_ name: String, _ size: Int, _ message: String) throws {
        let entry = try ModelRegistry.entry(named: name)
        let error = #expect(throws: TensorError.self) {
            try withTensorErrors { _ = entry.makeModel().eval()(.zeros(1, entry.inputSize.channels, size, size)) }
        }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
        // The sizes that the documentation names are taken.
        guard name != "cnn2" else { return }
        let logits = noGrad { entry.makeModel().eval()(.zeros(1, entry.inputSize.channels, size + 1, size + 1)) }
        #expect(logits.shape == [1, entry.defaultNumClasses])
    }

    @Test func wrongArgumentsAreExplained() {
        func message(_ make: () -> Module) -> String? {
            #expect(throws: TensorError.self) { try withTensorErrors { _ = make() } }?.description
        }
        #expect(
            message { CIFARResNet(depth: 18) }
                == "CIFARResNet: depth is 18. It must be 6n + 2 for n blocks a layer: 20, 32, 44, 56 …")
        #expect(
            message { AlexNet(widths: [1, 2]) }
                == "AlexNet: widths: [1, 2] has 2 numbers. Give 5, such as [64, 192, 384, 256, 256].")
        #expect(message { NiN(widths: []) }?.contains("has 0 numbers. Give 3") == true)
        #expect(message { ResNet(.basic, counts: [1]) }?.contains("counts: [1] has 1 numbers. Give 4") == true)
        #expect(message { TrashNet(blocks: []) }?.contains("blocks is empty") == true)
        #expect(message { GoogLeNet(divide: 0) }?.contains("divide is 0") == true)
    }
}
