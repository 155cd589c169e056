// Trains a network with dropout, Adam, a schedule, averaged weights and a scaled loss to its end; trains it again, stops
// behind an update, saves the state, and goes on with another one made of another seed. Prints whether the two ends are
// equal. A program of its own, since random numbers belong to the whole process.
//
// Arguments: the number of the update, and a folder for the state.
import Apus

@main
struct ResumeProbe {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let update = Int(arguments[1]) else {
            print("usage: ResumeProbe UPDATE FOLDER")
            return
        }
        let whole = Run(seed: 5)
        let records = try whole.trainer.fit(whole.loaders, epochs: 3, callbacks: whole.callbacks)

        let first = Run(seed: 5)
        let stop = Stop(first, behind: update)
        do {
            try first.trainer.fit(first.loaders, epochs: 3, callbacks: first.callbacks + [stop])
        } catch is Stopped {}
        if let state = stop.state { try TrainingStateFolder(arguments[2]).save(state) }

        // Another seed: all that matters comes from the state.
        let second = Run(seed: 99)
        guard let saved = try TrainingStateFolder(arguments[2]).newest() else {
            print("no state")
            return
        }
        try saved.state.restore(to: second.trainer, second.loaders.training, second.callbacks)
        let resumed = try second.trainer.fit(second.loaders, epochs: 3, callbacks: second.callbacks)
        print("weights", second.weights == whole.weights ? "equal" : "different")
        let isSame =
            resumed.map(\.training) == records.map(\.training) && resumed.map(\.test) == records.map(\.test)
        print("metrics", isSame ? "equal" : "different")
        let scales = [whole, second].map { $0.trainer.scaler.stateDict() }
        // Twelve updates, of which each third one doubles the scale.
        print("scales", scales[0] == scales[1] && scales[0]?.scale == 65536 * 16 ? "equal" : "different")
        print("settings", saved.state.settings == ["seed": "5"] ? "equal" : "different")
    }
}

/// A network whose products are computed in full whatever the trainer asks for, so that a CPU has kernels for them.
private final class InFull: Module {
    let body: Sequential

    init(_ body: Sequential) { self.body = body }

    override func forward(_ input: Tensor) -> Tensor { autocast(.full) { body(input) } }
}

/// A run whose every part has a state.
private struct Run {
    let net: InFull
    let trainer: Trainer
    let loaders: Trainer.Loaders
    let callbacks: [any TrainerCallback]

    init(seed: UInt64) {
        manualSeed(seed)
        net = InFull(Sequential(Flatten(), Linear(4, 8), BatchNorm1d(8), ReLU(), Dropout(0.3), Linear(8, 2)))
        let optimizer = AdamW(net.parameters(), lr: 0.01)
        trainer = Trainer(model: net, optimizer: optimizer, precision: .float16)
        trainer.scaler.growthInterval = 3
        let data = ImageBytes(
            images: (0..<32).map { UInt8(($0 * 89 + 40) % 256) }, labels: [0, 1, 0, 1, 1, 0, 1, 0], channels: 1,
            height: 2, width: 2, classNames: ["left", "right"])
        loaders = Trainer.Loaders(
            training: DataLoader(data, batchSize: 2, shuffle: true, transform: RandomHorizontalFlip(), seed: seed),
            test: DataLoader(data, batchSize: 5))
        callbacks = [
            LearningRateSchedule(OneCycleLR(optimizer, maxLR: 0.05, totalSteps: 12), every: .update),
            WeightAveraging(ExponentialMovingAverage(net, decay: 0.9, useBuffers: true)), EarlyStopping(patience: 9),
        ]
    }

    var weights: [Float] { net.stateDict().flatMap { $0.tensor.array() } }
}

private struct Stopped: Error {}

/// Ends the run behind an update, with its state.
private final class Stop: TrainerCallback {
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
