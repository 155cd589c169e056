import ApusEngine
import ApusGraph
import ApusInterop
import ApusNN
import ApusTestSupport
import Testing

@testable import ApusTraining

@Suite struct StateDictFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func makeNet() -> Sequential { Sequential(Conv2d(1, 2, kernelSize: 3), BatchNorm2d(2), Flatten()) }

    @Test func anyModulesWeightsComeBack() throws {
        let path = folder.file("net.safetensors")
        let (net, other) = (makeNet(), makeNet())
        try net.stateDict().write(toSafetensors: path)
        try other.load(StateDict(safetensors: path))
        #expect(other.stateDict().keys == net.stateDict().keys)
        for (saved, loaded) in zip(net.stateDict(), other.stateDict()) {
            #expect(loaded.tensor.dtype == saved.tensor.dtype)
            #expect(loaded.tensor.array(as: Double.self) == saved.tensor.array(as: Double.self))
        }
    }

    @Test func anotherModulesFileIsRefused() throws {
        let path = folder.file("net.safetensors")
        try Linear(2, 3).stateDict().write(toSafetensors: path)
        let net = makeNet()
        #expect(throws: StateDictError.self) { try net.load(StateDict(safetensors: path)) }
    }

    @Test func aTypeThatTensorsLackIsRefused() throws {
        let path = folder.file("half.safetensors")
        try SafetensorsWriter.write([.init(name: "x", dtype: .float16, shape: [1], bytes: [0, 0])], to: path)
        #expect(throws: CheckpointError.self) { try StateDict(safetensors: path) }
    }
}
