import ApusData
import ApusEngine
import ApusGraph
import ApusNN
import ApusOptim
import Testing

@testable import ApusTraining

/// Trainings whose losses are looked at some steps later, as on a GPU, are the same trainings.
@Suite(.serialized) struct LateLossTests {
    /// Logits by products and sums, which need no library on a GPU.
    private final class Weighted: Module {
        let weight = Parameter(Tensor([0.1, -0.3, 0.2, 0.4, -0.2, 0.05, 0.3, -0.1] as [Float], shape: [2, 4]))

        override func forward(_ input: Tensor) -> Tensor {
            (input.flatten(from: 1).unsqueeze(dim: 1) * weight).sum(dim: 2)
        }
    }

    /// Where and how losses are read.
    struct Way: Sendable, CustomTestStringConvertible {
        let device: Device
        /// Nil for what the device does by itself.
        let delay: Int?
        let lateness: Int

        var testDescription: String { "\(device), delay \(delay.map(String.init) ?? "as it is"), \(lateness) late" }
    }

    private static let gpu = Device.cuda(0)
    private static let isGPUThere = gpu.reasonForAbsence == nil
    private static let ways: [Way] =
        [(1, 1), (2, 1), (2, 2), (2, 9), (8, 3)].map { Way(device: .cpu, delay: $0, lateness: $1) }
        + (isGPUThere ? [Way(device: gpu, delay: nil, lateness: 0)] : [])

    private struct Run {
        let net: Module
        let trainer: Trainer
        let late: LateDevice?

        init(
            _ way: Way?, loss: @escaping (Tensor, Tensor) -> Tensor = { crossEntropy($0, $1) }
        ) throws {
            let net = try withTensorErrors { Weighted().to(way?.device ?? .cpu) }
            self.net = net
            trainer = Trainer(
                model: net, optimizer: SGD(net.parameters(), lr: 0.5, momentum: 0.9), lossFunction: loss)
            let late = way.map { LateDevice(lateness: $0.lateness) }
            self.late = way?.delay == nil ? nil : late
            if let way, let late, let delay = way.delay { trainer.reading = late.reading(delay: delay) }
        }

        /// The same run with each loss looked at in its step.
        static func plain(
            like way: Way, loss: @escaping (Tensor, Tensor) -> Tensor = { crossEntropy($0, $1) }
        ) throws -> Run { try Run(Way(device: way.device, delay: 0, lateness: 0), loss: loss) }

        var weights: [Float] { net.stateDict().flatMap { $0.tensor.array() } }
        var loaders: Trainer.Loaders {
            Trainer.Loaders(
                training: DataLoader(TinyData.eight, batchSize: 1, shuffle: true),
                test: DataLoader(TinyData.five, batchSize: 2))
        }
    }

    @Test(arguments: ways) func weightsAndMetricsAreTheSame(way: Way) throws {
        let (plain, late) = (try Run.plain(like: way), try Run(way))
        let records = try plain.trainer.fit(plain.loaders, epochs: 3)
        let lateRecords = try late.trainer.fit(late.loaders, epochs: 3)
        #expect(lateRecords.map(\.training) == records.map(\.training))
        #expect(lateRecords.map(\.test) == records.map(\.test))
        #expect(late.weights == plain.weights)
    }

    /// The evaluations and the epochs' ends wait for the last losses; within an epoch, only for those that are further
    /// behind.
    @Test func onlyOlderStepsAreWaitedFor() throws {
        let run = try Run(Way(device: .cpu, delay: 2, lateness: 2))
        try run.trainer.trainEpoch(run.loaders.training)
        let late = try #require(run.late)
        #expect(late.read == Array(1...8))
        #expect(late.waited == [7, 8])
        #expect(run.trainer.progress.epoch == 2)
    }

    @Test(arguments: ways) func reportsWaitForTheirOwnStep(way: Way) throws {
        var whole: [Double] = []
        let watcher = Watcher { report, trainer in
            whole.append(report.loss)
            #expect(report.metrics == trainer.progress.metrics)
            #expect(report.arrivedMetrics == report.metrics)
            #expect(report.updateCount == trainer.progress.updateCount && report.step == trainer.progress.step)
            #expect(trainer.progress.metrics.sampleCount == report.step)
        }
        let run = try Run(way)
        let metrics = try run.trainer.trainEpoch(run.loaders.training, callbacks: [watcher])
        #expect(whole.count == 8)
        #expect(abs(whole.reduce(0, +) / 8 - metrics.loss) < 1e-12)
    }

    /// The loss of the fourth batch is NaN: it, its step and its images are named, however many steps have followed.
    @Test(arguments: ways) func theStepOfANaNIsNamed(way: Way) throws {
        var (call, batches): (Int, [[Float]]) = (0, [])
        let run = try Run(way) { logits, labels in
            call += 1
            return crossEntropy(logits, labels) * (call == 4 ? Double.nan : 1)
        }
        let watcher = Watcher { _, _ in }
        for (images, _) in run.loaders.training { batches.append(images.array()) }
        let error = #expect(throws: TrainingError.self) {
            try run.trainer.fit(run.loaders, epochs: 1, callbacks: [watcher])
        }
        #expect(error == .lossIsNaN(epoch: 1, step: 4))
        #expect(watcher.imagesOfNaN == batches[3])
        #expect(watcher.progressAtNaN?.step == 4 && watcher.progressAtNaN?.updateCount == 4)
        #expect(run.trainer.progress.step == 4)
        #expect(run.trainer.progress.metrics.sampleCount == 3)
        #expect(run.trainer.progress.metrics.loss.isFinite)
    }

    /// The last steps of an epoch are looked at before it ends.
    @Test(arguments: ways) func aNaNOfTheLastStepIsFound(way: Way) throws {
        var call = 0
        let run = try Run(way) { logits, labels in
            call += 1
            return crossEntropy(logits, labels) * (call == 8 ? Double.nan : 1)
        }
        let error = #expect(throws: TrainingError.self) { try run.trainer.trainEpoch(run.loaders.training) }
        #expect(error == .lossIsNaN(epoch: 1, step: 8))
    }

    @Test(arguments: ways) func theGuardKnowsTheWeightsBeforeALateNaN(way: Way) throws {
        var call = 0
        let run = try Run(way) { logits, labels in
            call += 1
            return crossEntropy(logits, labels) * (call == 4 ? Double.nan : 1)
        }
        var weights: [[Float]] = []
        let plain = try Run.plain(like: way)
        let watcher = Watcher { _, _ in weights.append(plain.weights) }
        try plain.trainer.trainEpoch(plain.loaders.training, callbacks: [watcher])
        let error = #expect(throws: TrainingError.self) {
            try run.trainer.fit(run.loaders, epochs: 1, callbacks: [NaNGuard()])
        }
        #expect(
            error
                == .lossIsNaN(epoch: 1, step: 4, origin: "the loss function gives NaN for finite logits"))
        #expect(run.weights == weights[2])
    }

    @Test(arguments: ways) func savedStatesHaveAllLossesSoFar(way: Way) throws {
        let run = try Run(way)
        let loader = run.loaders.training
        var state: TrainingState?
        let watcher = Watcher { report, trainer in
            if report.step == 5 { state = try TrainingState(of: trainer, loader, []) }
        }
        let whole = try run.trainer.trainEpoch(loader, callbacks: [watcher])
        let saved = try #require(state)
        #expect(saved.progress.step == 5 && saved.progress.metrics.sampleCount == 5)
        #expect(saved.loader.batch == 5)
        // The run that goes on ends with the same metrics and weights.
        let other = try Run(way)
        let otherLoader = other.loaders.training
        try saved.restore(to: other.trainer, otherLoader, [])
        #expect(try other.trainer.trainEpoch(otherLoader) == whole)
        #expect(other.weights == run.weights)
    }

    /// A state that has seen a NaN is not saved: the run ends before.
    @Test(arguments: ways) func noStateIsSavedBehindANaN(way: Way) throws {
        var call = 0
        let run = try Run(way) { logits, labels in
            call += 1
            return crossEntropy(logits, labels) * (call == 4 ? Double.nan : 1)
        }
        let loader = run.loaders.training
        var saved: [Int] = []
        let watcher = Watcher { report, trainer in
            _ = try TrainingState(of: trainer, loader, [])
            saved.append(report.step)
        }
        let error = #expect(throws: TrainingError.self) {
            try run.trainer.trainEpoch(loader, callbacks: [watcher])
        }
        #expect(error == .lossIsNaN(epoch: 1, step: 4))
        #expect(saved == [1, 2, 3])
        #expect(watcher.progressAtNaN?.step == 4)
    }

    @Test(arguments: ways) func evaluationsAddUpTheSame(way: Way) throws {
        let run = try Run(way)
        var evaluator = Evaluator(run.net)
        evaluator.reading = run.trainer.reading
        var sizes: [Int] = []
        let metrics = try evaluator.evaluate(DataLoader(TinyData.eight, batchSize: 3)) { logits, labels in
            #expect(logits.shape == [labels.shape[0], 2])
            sizes.append(labels.shape[0])
        }
        #expect(sizes == [3, 3, 2])
        let plain = try Run.plain(like: way)
        var other = Evaluator(plain.net)
        other.reading.delay = { _ in 0 }
        #expect(try other.evaluate(DataLoader(TinyData.eight, batchSize: 3)) == metrics)
    }

    /// A class beyond the logits, which a GPU finds when it computes: the same error on every device.
    @Test(arguments: ways) func aBatchThatCannotBeComputedIsAnError(way: Way) throws {
        let data = ImageBytes(
            images: (0..<32).map { UInt8($0 * 8) }, labels: [0, 1, 0, 1, 2, 0, 1, 0], channels: 1, height: 2, width: 2,
            classNames: ["left", "right", "none"])
        let run = try Run(way)
        let error = #expect(throws: TensorError.self) {
            try run.trainer.trainEpoch(DataLoader(data, batchSize: 1))
        }
        #expect(error?.message.contains("class 2") == true, "\(String(describing: error))")
        // It is reported once: what comes next is computed.
        #expect(Tensor([1, 2] as [Float]).moved(to: way.device).sum().item() == 3)
    }
}

/// Looks at each step, and at a NaN.
private final class Watcher: TrainerCallback {
    private let body: (Trainer.StepReport, Trainer) throws -> Void
    private(set) var imagesOfNaN: [Float] = []
    private(set) var progressAtNaN: TrainingProgress?

    init(_ body: @escaping (Trainer.StepReport, Trainer) throws -> Void) { self.body = body }

    func stepDidEnd(_ report: Trainer.StepReport, _ trainer: Trainer) throws { try body(report, trainer) }

    func lossIsNaN(_ images: Tensor, _ labels: Tensor, _ trainer: Trainer) {
        (imagesOfNaN, progressAtNaN) = (images.array(), trainer.progress)
    }
}
