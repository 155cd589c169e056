import ApusEngine
import ApusGraph
import ApusInterop
import ApusModels
import ApusNN
import ApusTestSupport
import ApusTraining
import Testing

/// Weights made elsewhere: a state dictionary of torchvision's model, read from a file, gives torchvision's logits.
@Suite struct TorchvisionWeightsTests {
    /// What torchvision computed in float64 (`Tests/Fixtures/make_models.py`).
    private let expected: StateDict

    init() throws {
        expected = try StateDict(safetensors: ProjectFolder.file("Tests/Fixtures/models/logits.safetensors"))
    }

    /// Loads the formula's weights by way of a file, strictly.
    private func load(into model: Module) throws {
        let folder = try TemporaryFolder()
        let path = folder.file("weights.safetensors")
        try SafetensorsWriter.write(FormulaWeights.tensors(of: model), metadata: ["format": "pt"], to: path)
        try model.load(StateDict(safetensors: path), strict: true)
    }

    /// Compares within 1e-4, and within 1e-4 of the largest logit.
    private func compare(_ actual: Tensor, _ name: String) throws {
        let reference = try #require(expected[name])
        try #require(actual.shape == reference.shape)
        let largest = reference.abs().max().item(as: Double.self)
        let difference = (actual - reference).abs().max().item(as: Double.self)
        #expect(difference <= 1e-4 * min(1, largest), "\(name): the logits differ by \(difference) of \(largest)")
    }

    @Test(arguments: ["alexnet", "vgg11_bn", "googlenet", "resnet18", "resnet50", "mobilenet_v2"])
    func logitsAreTorchvisions(_ name: String) throws {
        let model = try ModelRegistry.entry(named: name).makeModel().eval()
        try load(into: model)
        try compare(noGrad { model(FormulaWeights.images()) }, name)
    }

    /// In training mode the heads speak too, and batches are normalised by their own statistics.
    @Test func auxiliaryHeadsAreTorchvisions() throws {
        let model = GoogLeNet(dropout: 0, dropoutAux: 0)
        try load(into: model)
        let (logits, auxiliaries) = noGrad { model.logitsWithAuxiliaries(FormulaWeights.images()) }
        try compare(logits, "googlenet.train")
        try #require(auxiliaries.count == 2)
        try compare(auxiliaries[0], "googlenet.train.aux1")
        try compare(auxiliaries[1], "googlenet.train.aux2")
    }

    @Test func whatDoesNotFitIsNamed() throws {
        let model = ResNet(.resNet18, numClasses: 10, width: 4)
        var state = ResNet(.resNet18, numClasses: 7, width: 4).stateDict()
        state["layer2.0.downsample.1.running_var"] = nil
        state["layer5.0.conv1.weight"] = .zeros(1)
        let error = #expect(throws: StateDictError.self) { try model.load(state, strict: true) }
        #expect(error?.missing == ["layer2.0.downsample.1.running_var"])
        #expect(error?.unexpected == ["layer5.0.conv1.weight"])
        #expect(error?.misshapen.map(\.key) == ["fc.weight", "fc.bias"])
        #expect(
            error?.description.contains(
                "fc.weight: the module has shape [10, 32], the state dictionary [7, 32]") == true)
    }
}
