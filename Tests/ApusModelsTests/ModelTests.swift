import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import Testing

@Suite struct ModelTests {
    @Test func leNetPrintsAsInTheTutorial() {
        #expect(
            LeNet().description == """
                LeNet(
                  (conv): Sequential(
                    (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))
                    (1): Sigmoid()
                    (2): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
                    (3): Conv2d(6, 16, kernel_size=(5, 5), stride=(1, 1))
                    (4): Sigmoid()
                    (5): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
                  )
                  (fc): Sequential(
                    (0): Linear(in_features=256, out_features=120, bias=True)
                    (1): Sigmoid()
                    (2): Linear(in_features=120, out_features=84, bias=True)
                    (3): Sigmoid()
                    (4): Linear(in_features=84, out_features=10, bias=True)
                  )
                )
                """)
    }

    @Test(arguments: [("lenet", 44_426), ("lenet5", 61_706)])
    func leNetsHaveTheirKeysAndSizes(_ name: String, _ parameters: Int) throws {
        let model = try ModelRegistry.entry(named: name).makeModel()
        #expect(model.parameters().map(\.count).reduce(0, +) == parameters)
        #expect(
            model.stateDict().keys
                == ["conv.0", "conv.3", "fc.0", "fc.2", "fc.4"].flatMap { ["\($0).weight", "\($0).bias"] })
    }

    @Test func cnn4HasItsKeysAndSizes() throws {
        let model = try ModelRegistry.entry(named: "cnn4").makeModel()
        #expect(model.parameters().map(\.count).reduce(0, +) == 271_178)
        let keys = model.stateDict().keys
        #expect(keys.prefix(3) == ["conv1.0.weight", "conv1.0.bias", "conv2.0.weight"])
        #expect(keys.contains("conv4.1.running_var") && keys.suffix(2) == ["fc.weight", "fc.bias"])
        #expect(throws: TensorError.self) { try withTensorErrors { _ = CNN4(widths: [1, 2]) } }
    }

    /// The sizes that the fourth tutorial derives by hand.
    @Test func cnn4HalvesTheSizes() {
        let model = CNN4()
        var image = Tensor.zeros(2, 1, 28, 28)
        for (stage, sizes) in zip(
            [model.conv1, model.conv2, model.conv3, model.conv4],
            [[16, 14, 14], [32, 7, 7], [64, 3, 3], [128, 1, 1]])
        {
            image = stage(image)
            #expect(image.shape == Shape([2] + sizes))
        }
    }

    /// Shapes are known as soon as a pass is recorded; only the models of small images are computed here.
    @Test(arguments: ModelRegistry.entries.map(\.name))
    func everyModelTakesItsInputSize(_ name: String) throws {
        let entry = try ModelRegistry.entry(named: name)
        let size = entry.inputSize
        let image = Tensor.zeros(3, size.channels, size.height, size.width)
        let logits = noGrad { entry.makeModel(numClasses: 7)(image) }
        #expect(logits.shape == [3, 7])
        if size.height <= 32 {
            let finite = logits.array(as: Float.self).filter(\.isFinite)
            #expect(finite.count == 21)
        }
        let other = noGrad { entry.makeModel(inChannels: 2)(.zeros(1, 2, size.height, size.width)) }
        #expect(other.shape == [1, entry.defaultNumClasses])
    }

    /// A model that is only counted costs neither time nor memory.
    @Test(arguments: ["googlenet", "vgg19", "mobilenet_v2"])
    func makingAModelComputesNothing(_ name: String) throws {
        let model = try ModelRegistry.entry(named: name).makeModel()
        let computed = model.parameters().filter { !$0.data.value.node.isPending }
        #expect(computed.isEmpty)
    }

    @Test func anImageOfAnotherSizeIsExplained() {
        let error = #expect(throws: TensorError.self) { try withTensorErrors { _ = LeNet()(.zeros(1, 1, 32, 32)) } }
        #expect(error?.modulePath == "fc.0")
        #expect(error?.message.hasPrefix("the input has 400 features (16×5×5 after flatten).") == true)
    }

    @Test func leNet5HasXavierWeights() {
        let bound = (6.0 / (400 + 120)).squareRoot()
        guard let linear = LeNet5().fc[0] as? Linear else {
            Issue.record("fc.0 is no Linear")
            return
        }
        let reach = linear.weight.data.abs().max().item(as: Double.self)
        // 48,000 even numbers come within a thousandth of their bound.
        #expect(reach <= bound * 1.000001)
        #expect(reach > bound * 0.999)
    }

    @Test func defaultsAreTheTutorials() throws {
        #expect(
            try ModelRegistry.entry(named: "lenet").defaults
                == TrainingDefaults(optimizer: .adam, lr: 0.001, batchSize: 256, epochs: 5))
        #expect(
            try ModelRegistry.entry(named: "lenet5").defaults
                == TrainingDefaults(optimizer: .sgd, lr: 0.5, batchSize: 100, epochs: 16))
        #expect(
            try ModelRegistry.entry(named: "trashnet").defaults
                == TrainingDefaults(optimizer: .sgd, lr: 0.9, batchSize: 100, epochs: 10))
        for name in ["cnn2", "cnn4"] {
            #expect(
                try ModelRegistry.entry(named: name).defaults
                    == TrainingDefaults(optimizer: .adam, lr: 0.001, batchSize: 100, epochs: 5))
        }
        // The networks of the recipes have the recipes' settings.
        let own = [
            "lenet", "lenet5", "cnn2", "cnn4", "trashnet", "fastnet-cifar", "fastnet-fashion", "fastnet-mnist",
        ]
        for entry in ModelRegistry.entries where !own.contains(entry.name) {
            #expect(
                entry.defaults
                    == TrainingDefaults(optimizer: .sgd, lr: 0.1, momentum: 0.9, batchSize: 128, epochs: 10))
        }
    }

    /// The names that the program promises.
    @Test func allNamesAreKnown() {
        #expect(
            ModelRegistry.entries.map(\.name) == [
                "lenet", "lenet5", "cnn2", "cnn4", "trashnet", "alexnet", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn",
                "vgg16", "vgg16_bn", "vgg19", "vgg19_bn", "nin", "googlenet", "resnet18", "resnet34", "resnet50",
                "resnet101", "resnet152", "resnet20", "resnet32", "resnet44", "resnet56", "resnet9", "mobilenet_v2",
                "fastnet-cifar", "fastnet-fashion", "fastnet-mnist",
            ])
    }

    @Test func anUnknownNameListsTheKnownOnes() {
        let error = #expect(throws: UnknownModelError.self) { try ModelRegistry.entry(named: "lenet6") }
        #expect(
            error?.description.hasPrefix(
                "there is no model \"lenet6\". Known models: lenet, lenet5, cnn2, cnn4, trashnet, ")
                == true)
    }

    /// Batch norms are scaled weights, and the sums at the ends of blocks belong to convolutions.
    @Test(arguments: [("resnet18", 65, 20, 8), ("resnet50", 73, 53, 16)])
    func residualNetsInferByConvolutionsAlone(
        _ name: String, width: Int, _ convolutions: Int, _ blocks: Int
    ) throws {
        let model = try ModelRegistry.entry(named: name).makeModel()
        model.eval()
        let image = Tensor.zeros(1, 3, 33, width)
        func infer() throws { try Tensor.evaluate([noGrad { model(image) }]) }
        // What is made once is not in the third run: random weights, then the scaled ones.
        for _ in 0..<2 { try infer() }
        let profile = try Engine.shared.profile { try infer() }
        // Another test's computations may stand beside it, with images of another width.
        var first = 0
        var own: [Profile.Step] = []
        for count in profile.plans {
            let steps = profile.steps[first..<(first + count)]
            if steps.contains(where: { $0.shapes.hasPrefix("[1, 3, 33, \(width)]") }) { own += steps }
            first += count
        }
        let operations = own.map(\.operation)
        #expect(operations.filter { $0.hasPrefix("convolution") }.count == convolutions)
        #expect(operations.filter { $0 == "convolution+add+relu" }.count == blocks)
        let others = operations.filter { !$0.hasPrefix("convolution") }
        #expect(others.allSatisfy { !$0.contains("add") && !$0.contains("norm") }, "\(others)")
    }
}
