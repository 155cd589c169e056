import ApusData
import ApusEngine
import ApusGraph
import ApusInterop
import ApusNN
import ApusOptim
import ApusTestSupport
import ApusTraining
import Foundation
import Testing

@Suite(.serialized) struct TrainingStateTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A run whose every part has a state: Adam's moments, a schedule, an average, batch norm.
    private struct Run {
        let net: Sequential
        let trainer: Trainer
        let loaders: Trainer.Loaders
        let callbacks: [any TrainerCallback]

        init(seed: UInt64, epochs: Int = 3) {
            manualSeed(seed)
            net = Sequential(Flatten(), Linear(4, 8), BatchNorm1d(8), ReLU(), Linear(8, 2))
            let optimizer = AdamW(net.parameters(), lr: 0.01)
            trainer = Trainer(model: net, optimizer: optimizer)
            loaders = Trainer.Loaders(
                training: DataLoader(
                    TinyData.eight, batchSize: 2, shuffle: true, transform: RandomHorizontalFlip(), seed: seed),
                test: DataLoader(TinyData.five, batchSize: 5))
            callbacks = [
                LearningRateSchedule(OneCycleLR(optimizer, maxLR: 0.05, totalSteps: 4 * epochs), every: .update),
                WeightAveraging(ExponentialMovingAverage(net, decay: 0.9, useBuffers: true)),
                EarlyStopping(patience: 9),
            ]
        }

        var weights: [Float] { net.stateDict().flatMap { $0.tensor.array() } }
    }

    private struct Stopped: Error {}

    /// Ends the run behind an update, with its state.
    private final class Interruption: TrainerCallback {
        let update: Int
        let run: Run
        var state: TrainingState?

        init(_ run: Run, behind update: Int) { (self.run, self.update) = (run, update) }

        func stepDidEnd(_ report: Trainer.StepReport, _ trainer: Trainer) throws {
            guard trainer.progress.updateCount == update else { return }
            state = try TrainingState(of: trainer, run.loaders.training, run.callbacks, settings: ["seed": "5"])
            throw Stopped()
        }
    }

    /// The random numbers belong to the whole process: a program of its own trains, stops behind an update, and goes on.
    @Test(arguments: [1, 2, 5, 6, 11]) func aRunThatGoesOnEndsWithTheSameBits(update: Int) throws {
        let outcome = try BuiltProgram("ResumeProbe").run(["\(update)", folder.file("state")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.lines == ["weights equal", "metrics equal", "scales equal", "settings equal"])
    }

    private func state(behind updates: Int) throws -> TrainingState {
        let run = Run(seed: 1)
        let interruption = Interruption(run, behind: updates)
        #expect(throws: Stopped.self) {
            try run.trainer.fit(run.loaders, epochs: 3, callbacks: run.callbacks + [interruption])
        }
        return try #require(interruption.state)
    }

    /// Names that no convolution has: the choices belong to the whole process.
    @Test func choicesOfKernelsAreKept() throws {
        var state = try state(behind: 1)
        state.kernelChoices["a convolution of this test"] = "direct"
        let states = TrainingStateFolder(folder.file("state"))
        try states.save(state)
        let saved = try #require(try states.newest()).state
        #expect(saved.kernelChoices["a convolution of this test"] == "direct")
        let run = Run(seed: 2)
        try saved.restore(to: run.trainer, run.loaders.training, run.callbacks)
        #expect(Engine.shared.kernelChoices["a convolution of this test"] == "direct")
    }

    /// A scaler's numbers are kept; a state without them, as earlier versions wrote all, leaves the scaler as it is made.
    @Test func theScaleIsKept() throws {
        var state = try state(behind: 1)
        #expect(state.scaler == nil)
        let run = Run(seed: 2)
        let trainer = Trainer(model: run.net, optimizer: run.trainer.optimizer, precision: .float16)
        let states = TrainingStateFolder(folder.file("state"))
        for expected in [65536, 512] as [Double] {
            try states.save(state)
            let saved = try #require(try states.newest()).state
            try saved.restore(to: trainer, run.loaders.training, run.callbacks)
            #expect(trainer.scaler.currentScale == expected)
            try states.clear()
            state.scaler = GradScalerState(
                scale: 512, growthFactor: 4, backoffFactor: 0.25, growthInterval: 7, growthTracker: 6)
        }
        #expect(trainer.scaler.stateDict() == state.scaler)
        #expect(try TrainingState(of: trainer, run.loaders.training, run.callbacks).scaler == state.scaler)
    }

    @Test func theLastTwoStatesAreKept() throws {
        let states = TrainingStateFolder(folder.file("state"))
        #expect(try states.newest() == nil)
        for updates in [1, 2, 3] { try states.save(state(behind: updates)) }
        #expect(folder.files(in: "state") == ["0.safetensors", "1.safetensors"])
        #expect(try states.newest()?.state.progress.updateCount == 3)
        // Another object finds the older one by itself.
        try TrainingStateFolder(folder.file("state")).save(state(behind: 5))
        try FileManager.default.removeItem(atPath: folder.file("state/1.safetensors"))
        #expect(try states.newest()?.state.progress.updateCount == 3)
        try states.clear()
        #expect(folder.files(in: "state").isEmpty)
        try states.clear()
    }

    /// A torn or damaged newest file: the one before it is taken, and the other is named.
    @Test(arguments: ["truncated", "empty", "flipped", "text"]) func aDamagedStateIsPassedOver(damage: String) throws {
        let states = TrainingStateFolder(folder.file("state"))
        try states.save(state(behind: 1))
        try states.save(state(behind: 2))
        var bytes = try folder.read("state/1.safetensors")
        switch damage {
        case "truncated": bytes.removeLast(7)
        case "empty": bytes = []
        case "flipped": bytes[bytes.count - 5] ^= 4
        default: bytes = Array("this is no checkpoint".utf8)
        }
        try folder.write(bytes, to: "state/1.safetensors")
        let saved = try #require(try states.newest())
        #expect(saved.state.progress.updateCount == 1)
        #expect(saved.problems.count == 1)
        #expect(saved.problems[0].contains("state/1.safetensors"))
        // The damaged one is replaced next, also by an object that did not write it.
        try TrainingStateFolder(folder.file("state")).save(state(behind: 3))
        #expect(try states.newest()?.state.progress.updateCount == 3)
        #expect(try states.newest()?.problems.isEmpty == true)
    }

    @Test func eachFlippedBitIsFound() throws {
        let states = TrainingStateFolder(folder.file("state"))
        try states.save(state(behind: 1))
        let bytes = try folder.read("state/0.safetensors")
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            var damaged = bytes
            damaged[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                1 << UInt8.random(in: 0..<8, using: &generator)
            try folder.write(damaged, to: "state/0.safetensors")
            #expect(throws: (any Error).self) { try states.newest() }
        }
    }

    @Test func statesOfOtherRunsAreRefused() throws {
        let saved = try state(behind: 2)
        let run = Run(seed: 1)
        #expect(throws: TrainingStateMismatch.self) {
            try saved.restore(to: run.trainer, run.loaders.training, [EarlyStopping(patience: 1)])
        }
        let net = TinyData.makeNet()
        let other = Trainer(model: net, optimizer: AdamW(net.parameters(), lr: 0.01))
        #expect(throws: StateDictError.self) {
            try saved.restore(to: other, run.loaders.training, run.callbacks)
        }
    }

    @Test func aNewerVersionIsRefused() throws {
        try StateDict([("model.weight", .zeros([1]))]).write(
            toSafetensors: folder.write([], to: "state/0.safetensors"), metadata: ["apus_state": "2", "values": "{}"])
        let error = #expect(throws: CheckpointError.self) { try TrainingStateFolder(folder.file("state")).newest() }
        #expect(error?.problem == "the saved run has version 2, this program reads 1")
    }
}
