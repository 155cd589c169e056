import ApusEngine
import ApusGraph
import ApusNN
import Testing

@Suite struct StateDictTests {
    private final class Net: Module {
        let conv = Sequential(Conv2d(1, 2, kernelSize: 3, bias: false), BatchNorm2d(2))
        let fc = Linear(2, 3)
    }

    @Test func keysAreInPyTorchsOrder() {
        let state = Net().stateDict()
        #expect(
            state.keys == [
                "conv.0.weight", "conv.1.weight", "conv.1.bias", "conv.1.running_mean", "conv.1.running_var",
                "conv.1.num_batches_tracked", "fc.weight", "fc.bias",
            ])
        #expect(state["conv.0.weight"]?.shape == [2, 1, 3, 3])
        #expect(state["conv.1.num_batches_tracked"]?.dtype == .int64)
    }

    @Test func aLoadedModuleHasTheOthersTensors() throws {
        let (first, second) = (Net(), Net())
        try second.load(first.stateDict())
        for (key, tensor) in first.stateDict() {
            #expect(second.stateDict()[key]?.array() == tensor.array(as: Float.self), "\(key)")
        }
    }

    @Test func aSnapshotDoesNotChangeWithTheModule() {
        let layer = Linear(1, 1)
        layer.weight.data = Tensor([[1.0]])
        let state = layer.stateDict()
        layer.weight.data -= 3
        #expect(state["weight"]?.item() == 1.0)
        #expect(layer.weight.data.item() == -2.0)
    }

    @Test func whatDoesNotFitIsNamedAndNothingIsLoaded() throws {
        let layer = Linear(3, 2)
        let before: [Float] = layer.bias?.data.array() ?? []
        let state: StateDict = ["weight": .zeros(3, 2), "extra": .zeros(1)]
        let error = #expect(throws: StateDictError.self) { try layer.load(state) }
        #expect(error?.missing == ["bias"])
        #expect(error?.unexpected == ["extra"])
        #expect(error?.misshapen.map(\.key) == ["weight"])
        #expect(
            error?.description == """
                Linear: the state dictionary is not of this module; nothing was loaded.
                  missing: bias
                  unexpected: extra
                  weight: the module has shape [2, 3], the state dictionary [3, 2]
                """)
        #expect(throws: StateDictError.self) { try layer.load(["weight": .ones(2, 3)]) }
        #expect(layer.bias?.data.array() == before)
    }

    @Test func withoutStrictWhatFitsIsLoaded() throws {
        let layer = Linear(1, 2)
        let report = try layer.load(["bias": Tensor([5.0, 6.0]), "extra": .zeros(1)], strict: false)
        #expect(report.missing == ["weight"])
        #expect(report.unexpected == ["extra"])
        #expect(layer.bias?.data.array() == [5, 6] as [Float])
        #expect(throws: StateDictError.self) { try layer.load(["bias": .zeros(3)], strict: false) }
    }

    @Test func typesAreConvertedToTheModules() throws {
        let layer = BatchNorm2d(1, affine: false)
        try layer.load([
            "running_mean": .full([1], 2.0, dtype: .float64), "running_var": .ones(1),
            "num_batches_tracked": Tensor(scalar: 7.0),
        ])
        #expect(layer.runningMean?.dtype == .float32)
        #expect(layer.numBatchesTracked?.data.item(as: Int.self) == 7)
    }
}
