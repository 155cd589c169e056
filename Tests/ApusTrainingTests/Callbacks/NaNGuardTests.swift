import ApusData
import ApusGraph
import ApusNN
import ApusOptim
import ApusTraining
import Testing

@Suite struct NaNGuardTests {
    /// log(x) of a negative number: NaN from the layer itself.
    private final class Logarithm: Module {
        override func forward(_ input: Tensor) -> Tensor { (input - 1e6).log() }
    }

    /// exp(x) of a large number is infinite, and infinity minus infinity NaN.
    private final class Overflow: Module {
        override func forward(_ input: Tensor) -> Tensor { (input.abs() + 1e3).exp() }
    }

    private final class Difference: Module {
        override func forward(_ input: Tensor) -> Tensor { input - input }
    }

    private func message(_ net: Module, lr: Double = 0.1, loss: Double = 1) throws -> String {
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: lr)) { logits, labels in
            crossEntropy(logits, labels) * loss
        }
        let error = #expect(throws: TrainingError.self) {
            try trainer.fit(
                .init(
                    training: DataLoader(TinyData.eight, batchSize: 2), test: DataLoader(TinyData.five, batchSize: 5)),
                epochs: 1, callbacks: [NaNGuard()])
        }
        return error?.description ?? ""
    }

    @Test func theLayerIsNamed() throws {
        let text = try message(Sequential(Flatten(), Linear(4, 3), Logarithm(), Linear(3, 2)))
        #expect(text.contains("in epoch 1, step 1: the first NaN comes from 2 (Logarithm)."), "\(text)")
    }

    @Test func infinityBeforeItIsNamedToo() throws {
        let text = try message(Sequential(Flatten(), Linear(4, 2), Overflow(), Difference()))
        #expect(
            text.contains("the first NaN comes from 3 (Difference), behind infinite values of 2 (Overflow)"), "\(text)")
    }

    @Test func theParameterIsNamedThatAnUpdateHasSpoilt() throws {
        let text = try message(TinyData.makeNet(), lr: 1e38, loss: 1e10)
        #expect(
            text.contains("step 2: the parameter 1.weight holds NaN or infinity since the update before step 2"),
            "\(text)")
    }

    @Test func theLossIsNamedWhereTheLogitsAreFinite() throws {
        let text = try message(TinyData.makeNet(), loss: .nan)
        #expect(text.contains("step 1: the loss function gives NaN for finite logits"), "\(text)")
    }

    @Test func theWeightsOfTheStepBeforeArePutBack() throws {
        let net = TinyData.makeNet()
        let before = net.stateDict().flatMap { $0.tensor.array() }
        let trainer = Trainer(model: net, optimizer: SGD(net.parameters(), lr: 1)) { logits, labels in
            crossEntropy(logits, labels) * Double.nan
        }
        let loader = DataLoader(TinyData.eight, batchSize: 2)
        #expect(throws: TrainingError.self) {
            try trainer.fit(.init(training: loader, test: loader), epochs: 1, callbacks: [NaNGuard()])
        }
        #expect(net.stateDict().flatMap { $0.tensor.array() } == before)
    }
}
