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
            NAME is MODEL-train (forward, loss, gradients, the model's own optimizer, and the loss read; 10 classes; \
            SGD has learning rate 0.1 and no momentum) or MODEL-infer (forward in evaluation mode, and the logits read; \
            the model's own number of classes): \(BenchTask.names.joined(separator: ", ")). The first runs are not \
            counted.
            """)

    @Argument(help: ArgumentHelp("What to time, as lenet-train.", valueName: "name"))
    var name: String

    @Option(
        help: "Images in a step; unless told, the model's own batch size, or 16 or 8 for images of 224x224.")
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
        let batch = batch ?? task.entry.benchmarkBatchSize
        let milliseconds = try withTensorErrors {
            try measure(task.makeStep(batch: batch, size: size, device: device))
        }
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

    /// 10 classes when training is measured, the model's own number in inference.
    private var numClasses: Int { kind == .train ? 10 : entry.defaultNumClasses }

    /// Throws a failure with code 64 for a size that the model does not take.
    ///
    /// Nothing is computed: recording the forward pass tells. A model that takes images of twice its own size takes all
    /// that its layers take. Another one is made for a single size, though a few sizes beside it pass its layers because
    /// pooling rounds down; they would be measured as if they were the model's.
    func check(size: Int) throws {
        let (_, height, width) = entry.inputSize
        guard (size, size) != (height, width) else { return }
        let model = entry.makeModel(numClasses: numClasses).eval()
        do {
            try record(model, 2 * height, 2 * width)
        } catch {
            throw CommandFailure(
                .usage,
                "--size \(size): \(entry.name) is made for images of \(height)x\(width) only. Leave --size out.")
        }
        do {
            try record(model, size, size)
        } catch {
            throw CommandFailure(.usage, "--size \(size): \(entry.name) does not take such images: \(error)")
        }
    }

    /// Records a forward pass of one image; throws the error of the layer that does not take it.
    private func record(_ model: Module, _ height: Int, _ width: Int) throws {
        try withTensorErrors {
            // Also where `APUS_EAGER=1` would compute each operation.
            EvaluationHook.$isEager.withValue(false) {
                _ = noGrad { model(.zeros(1, entry.inputSize.channels, height, width)) }
            }
        }
    }

    /// A step that computes once and returns a number that depends on all of it.
    ///
    /// - Parameters:
    ///   - size: the height and width of the images; the model's own where it is nil.
    func makeStep(batch: Int, size: Int?, device: Device) throws -> () throws -> Double {
        manualSeed(0)
        let net = entry.makeModel(numClasses: numClasses).to(device)
        let own = entry.inputSize
        let images = Tensor.rand(batch, own.channels, size ?? own.height, size ?? own.width)
        let labels = Tensor.randint(0, numClasses, [batch])
        try Tensor.evaluate([images, labels] + net.stateDict().map(\.tensor))
        switch kind {
        case .train:
            let (optimizerName, lr) = (entry.defaults.optimizer, entry.defaults.lr)
            // A rate that suits the model's data set may not suit random images.
            let optimizer = try optimizerName.makeOptimizer(net.parameters(), lr: optimizerName == .sgd ? 0.1 : lr)
            return {
                let loss = Self.loss(of: net, images, labels)
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

    /// The loss of a training step, with those of auxiliary heads.
    private static func loss(of net: Module, _ images: Tensor, _ labels: Tensor) -> Tensor {
        guard let classifier = net as? any AuxiliaryClassifier else { return crossEntropy(net(images), labels) }
        let (logits, auxiliaries) = classifier.logitsWithAuxiliaries(images)
        return auxiliaries.reduce(crossEntropy(logits, labels)) {
            $0 + crossEntropy($1, labels) * classifier.auxiliaryWeight
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
