import ApusEngine
import ApusGraph
import ApusInterop
import ApusModels
import ApusNN
import ApusTestSupport
import ApusTraining
import Testing

@Suite struct ModelCheckpointTests {
    private let folder: TemporaryFolder
    private let path: String
    private static let description = CheckpointDescription(
        model: "lenet", arguments: ["num_classes": 10, "in_channels": 1],
        classNames: (0..<10).map { "class \"\($0)\"/é" }, inputSize: [1, 28, 28])

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("model.safetensors")
    }

    @Test func weightsAndDescriptionComeBack() throws {
        let net = LeNet()
        try ModelCheckpoint.save(net, Self.description, to: path)
        let checkpoint = try ModelCheckpoint(path: path)
        #expect(checkpoint.description == Self.description)
        try checkpoint.check(isOf: "lenet")

        let other = LeNet()
        #expect(other.conv.stateDict()[0].tensor.array() != net.conv.stateDict()[0].tensor.array())
        try checkpoint.load(into: other)
        for (ours, theirs) in zip(net.stateDict(), other.stateDict()) {
            #expect(ours.key == theirs.key)
            #expect(ours.tensor.array() == theirs.tensor.array())
        }
    }

    @Test func theFileHasPyTorchsNamesAndNoTimes() throws {
        let net = LeNet()
        try ModelCheckpoint.save(net, Self.description, to: path)
        let first = try folder.read("model.safetensors")
        try ModelCheckpoint.save(net, Self.description, to: path)
        #expect(try folder.read("model.safetensors") == first)
        let file = try SafetensorsFile(path: path)
        #expect(Set(file.entries.map(\.name)) == Set(net.stateDict().keys))
        #expect(file.entry("conv.0.weight")?.shape == [6, 1, 5, 5])
        #expect(file.metadata["model"] == "lenet")
        #expect(file.metadata["input_size"] == "[1,28,28]")
        #expect(file.metadata["arguments"] == "{\"in_channels\":1,\"num_classes\":10}")
    }

    @Test func anotherModelsCheckpointIsRefused() throws {
        try ModelCheckpoint.save(LeNet(), Self.description, to: path)
        let checkpoint = try ModelCheckpoint(path: path)
        let error = #expect(throws: CheckpointError.self) { try checkpoint.check(isOf: "lenet5") }
        #expect(error?.exitCode == 65)
        #expect(error?.problem == "this is a checkpoint of the model lenet, not of lenet5")

        let net = LeNet5()
        let before = net.stateDict().map { $0.tensor.array() }
        let mismatch = #expect(throws: CheckpointError.self) { try checkpoint.load(into: net) }
        #expect(mismatch?.problem.contains("fc.0.weight") == true)
        #expect(net.stateDict().map { $0.tensor.array() } == before)
    }

    @Test func anotherProgramsFileIsRefused() throws {
        let tensor = SafetensorsWriter.Tensor(name: "x", dtype: .float32, shape: [1], elements: [Float(1)])
        try SafetensorsWriter.write([tensor], metadata: ["format": "pt"], to: path)
        let error = #expect(throws: CheckpointError.self) { try ModelCheckpoint(path: path) }
        #expect(error?.problem == "this is no checkpoint of Apus: its metadata names no model")
    }

    @Test(arguments: ["class_names", "arguments", "input_size", "transform"])
    func damagedMetadataIsRefused(key: String) throws {
        try ModelCheckpoint.save(LeNet(), Self.description, to: path)
        var metadata = try SafetensorsFile(path: path).metadata
        metadata[key] = "[oops"
        // Another program may have made the file: it has no checksum then.
        metadata["crc32"] = nil
        let tensor = SafetensorsWriter.Tensor(name: "x", dtype: .float32, shape: [1], elements: [Float(1)])
        try SafetensorsWriter.write([tensor], metadata: metadata, to: path)
        let error = #expect(throws: CheckpointError.self) { try ModelCheckpoint(path: path) }
        #expect(error?.problem == "the metadata's \(key) is \"[oops\"")
    }

    @Test func anotherWordInTheMetadataFailsTheChecksum() throws {
        try ModelCheckpoint.save(LeNet(), Self.description, to: path)
        let text = String(decoding: try folder.read("model.safetensors").prefix(3000), as: Unicode.ASCII.self)
        var bytes = try folder.read("model.safetensors")
        let place = try #require(text.range(of: "lenet"))
        bytes[text.distance(from: text.startIndex, to: place.lowerBound)] = UInt8(ascii: "L")
        try folder.write(bytes, to: "model.safetensors")
        let error = #expect(throws: CheckpointError.self) { try ModelCheckpoint(path: path) }
        #expect(error?.problem.hasPrefix("the checksum is") == true, "\(String(describing: error))")
    }
}
