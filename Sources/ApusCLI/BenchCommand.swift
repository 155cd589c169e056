import ApusEngine
import ApusGraph
import ApusModels
import ApusNN
import ApusOptim
import ApusTraining
import ArgumentParser

/// `apus bench`: times whole steps on synthetic data.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Times whole steps of a model on synthetic data.",
        discussion: """
            NAME is MODEL-train (forward, loss, gradients, the model's own optimizer, and the loss read) or MODEL-infer \
            (forward in evaluation mode, and the logits read): \(BenchTask.names.joined(separator: ", ")). The first \
            runs are not counted.
            """)

    @Argument(help: ArgumentHelp("What to time, as lenet-train.", valueName: "name"))
    var name: String

    @Option(help: "Images in a step; the model's own batch size unless told.")
    var batch: Int?

    @Option(help: "Height and width of the images; the model's own unless told.")
    var size: Int?

    @Option(help: "The type to compute in: float32.")
    var dtype = "float32"

    @OptionGroup var deviceOptions: DeviceOptions

    @Option(help: "How long to measure.")
    var seconds = 3.0

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if let batch, batch < 1 { throw ValidationError("--batch \(batch): at least 1 is needed.") }
        if let size, size < 1 { throw ValidationError("--size \(size): at least 1 is needed.") }
        guard seconds > 0, seconds.isFinite else {
            throw ValidationError("--seconds \(seconds): a number above 0 is needed.")
        }
        guard dtype == "float32" else {
            throw ValidationError("--dtype \(dtype): this version of apus measures float32 only.")
        }
    }

    func run() throws {
        let task = try BenchTask(named: name)
        if let size { try task.check(size: size) }
        let device = try deviceOptions.device.device()
        let batch = batch ?? task.entry.defaults.batchSize
        let milliseconds = try withTensorErrors { try measure(task.makeStep(batch: batch, device: device)) }
        let median = milliseconds[milliseconds.count / 2]
        let imagesPerSecond = Double(batch) * 1000 / median
        if json {
            let line = JSONLine([
                "bench": .string(name), "batch": .integer(batch), "device": .string("\(device)"),
                "threads": .integer(device.information?.threadCount ?? 0), "milliseconds_min": .number(milliseconds[0]),
                "milliseconds_median": .number(median), "images_per_second": .number(imagesPerSecond),
            ])
            StandardStreams.output(line.text)
        } else {
            StandardStreams.output(
                """
                \(name), batch \(batch), \(DeviceDescription.text(device))
                min \(milliseconds[0].rounded(digits: 3)) ms, median \(median.rounded(digits: 3)) ms of \
                \(milliseconds.count) runs; \(Int(imagesPerSecond)) images/s
                """)
        }
    }

    /// The times of the runs in milliseconds, the shortest first.
    private func measure(_ step: () throws -> Double) throws -> [Double] {
        let clock = ContinuousClock()
        // Plans are made in the first two steps; then clocks rise and caches fill.
        let warmUpEnd = clock.now + .milliseconds(300)
        var warmUps = 0
        while warmUps < 5 || clock.now < warmUpEnd {
            _ = try step()
            warmUps += 1
        }
        var times: [Double] = []
        let end = clock.now + .seconds(seconds)
        // A median of fewer runs says little.
        while clock.now < end || times.count < 5 {
            let start = clock.now
            let loss = try step()
            times.append(start.duration(to: clock.now).seconds * 1000)
            guard !loss.isNaN else { throw CommandFailure(.failed, "\(name): the result is not a number.") }
        }
        return times.sorted()
    }
}

/// A step to time.
private struct BenchTask {
    enum Kind: String, CaseIterable {
        case train
        case infer
    }

    let entry: ModelEntry
    let kind: Kind

    static var names: [String] {
        ModelRegistry.entries.flatMap { entry in Kind.allCases.map { "\(entry.name)-\($0.rawValue)" } }
    }

    /// Throws a failure with code 64 for an unknown name.
    init(named name: String) throws {
        for entry in ModelRegistry.entries {
            for kind in Kind.allCases where name == "\(entry.name)-\(kind.rawValue)" {
                (self.entry, self.kind) = (entry, kind)
                return
            }
        }
        throw CommandFailure(
            .usage, "there is no benchmark \"\(name)\". Known benchmarks: \(Self.names.joined(separator: ", ")).")
    }

    /// Throws a failure with code 64 for a size that the model is not made for.
    ///
    /// The first fully connected layer of all models here has as many inputs as images of one size give. A few sizes
    /// beside it give as many because pooling rounds down; they would be measured as if they were the model's.
    func check(size: Int) throws {
        let (_, height, width) = entry.inputSize
        guard (size, size) == (height, width) else {
            throw CommandFailure(
                .usage,
                "--size \(size): \(entry.name) is made for images of \(height)x\(width) only. Leave --size out.")
        }
    }

    /// A step that computes once and returns a number that depends on all of it.
    func makeStep(batch: Int, device: Device) throws -> () throws -> Double {
        manualSeed(0)
        let net = entry.makeModel().to(device)
        let size = entry.inputSize
        let images = Tensor.rand(batch, size.channels, size.height, size.width)
        let labels = Tensor.randint(0, 10, [batch])
        try Tensor.evaluate([images, labels] + net.stateDict().map(\.tensor))
        switch kind {
        case .train:
            let defaults = entry.defaults
            let optimizer = try defaults.optimizer.makeOptimizer(
                net.parameters(), lr: defaults.lr, momentum: defaults.momentum > 0 ? defaults.momentum : nil)
            return {
                let loss = crossEntropy(net(images), labels)
                optimizer.zeroGrad()
                loss.backward()
                optimizer.step()
                return loss.item()
            }
        case .infer:
            net.eval()
            return { try noGrad { try net(images).withElements { Double($0.loadUnaligned(as: Float.self)) } } }
        }
    }
}

extension Double {
    /// The number with so many digits after the point.
    fileprivate func rounded(digits: Int) -> Double {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        return (self * scale).rounded() / scale
    }
}
