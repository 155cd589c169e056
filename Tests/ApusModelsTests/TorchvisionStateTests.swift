import ApusGraph
import ApusModels
import ApusNN
import ApusTestSupport
import Testing

/// The state of each model that torchvision has is torchvision's, name by name and shape by shape.
@Suite struct TorchvisionStateTests {
    private static let folder = ProjectFolder.file("Tests/Fixtures/models")

    /// The models of which `Tests/Fixtures/make_models.py` made a list.
    private static let listed: [String] = {
        let suffix = ".txt"
        let names = (try? ProjectFolder.names(in: folder)) ?? []
        return names.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
    }()

    @Test func allModelsOfTorchvisionAreListed() {
        let own =
            ["lenet", "lenet5", "cnn2", "cnn4", "trashnet", "nin", "resnet9"]
            + ["resnet20", "resnet32", "resnet44", "resnet56", "fastnet-cifar", "fastnet-fashion", "fastnet-mnist"]
        #expect(Self.listed == ModelRegistry.entries.map(\.name).filter { !own.contains($0) }.sorted())
    }

    @Test(arguments: listed)
    func namesAndShapesAreTorchvisions(_ name: String) throws {
        let text = String(decoding: try ProjectFolder.bytes("\(Self.folder)/\(name).txt"), as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        let model = try ModelRegistry.entry(named: name).makeModel()
        let state = model.stateDict().map { key, tensor in
            "\(key) \(tensor.rank == 0 ? "-" : tensor.shape.map(String.init).joined(separator: "x"))"
        }
        let learned = model.parameters().map(\.count).reduce(0, +)
        #expect(["learned \(learned)"] + state == lines)
    }
}
