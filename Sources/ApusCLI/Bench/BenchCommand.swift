import ApusEngine
import ApusGraph
import ArgumentParser

/// `apus bench`: times whole steps on synthetic data.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Times whole steps of a model on synthetic data.",
        discussion: """
            NAME is MODEL-train (forward, loss, gradients, the model's own optimizer, and the loss read; 10 classes; \
            SGD has learning rate 0.1 and no momentum) or MODEL-infer (forward in evaluation mode, and the logits read; \
            the model's own number of classes): \(BenchTask.names.joined(separator: ", ")). The first runs are not \
            counted. --profile shows where the time goes, kernel by kernel, and writes a trace for Chrome \
            (chrome://tracing) or Perfetto.
            """)

    @Argument(help: ArgumentHelp("What to time, as lenet-train.", valueName: "name"))
    var name: String

    @Option(
        help: "Images in a step; unless told, the model's own batch size, or 16 or 8 for images of 224x224.")
    var batch: Int?

    @Option(help: "Height and width of the images; the model's own unless told.")
    var size: Int?

    @Option(help: "The type of the factors of convolutions and matrix products.")
    var dtype = ComputingType.float32

    @OptionGroup var deviceOptions: DeviceOptions

    @Option(help: "How long to measure.")
    var seconds = 3.0

    @Flag(help: "Print the time of each kernel and its share of the processor's peak, and write a Chrome trace.")
    var profile = false

    @Option(
        help: ArgumentHelp("Where --profile writes its trace; NAME.trace.json unless told.", valueName: "file"),
        completion: .file())
    var trace: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if let batch, batch < 1 { throw ValidationError("--batch \(batch): at least 1 is needed.") }
        if let size, size < 1 { throw ValidationError("--size \(size): at least 1 is needed.") }
        guard seconds > 0, seconds.isFinite else {
            throw ValidationError("--seconds \(seconds): a number above 0 is needed.")
        }
        guard trace == nil || profile else { throw ValidationError("--trace \(trace ?? ""): only with --profile.") }
    }

    func run() throws {
        let task = try BenchTask(named: name)
        if let size { try task.check(size: size) }
        let device = try deviceOptions.device.device()
        try dtype.check(on: device)
        let batch = batch ?? task.entry.benchmarkBatchSize
        let step = try withTensorErrors {
            try task.makeStep(batch: batch, size: size, device: device, precision: dtype.precision)
        }
        let milliseconds = try withTensorErrors { try measure(step) }
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
        if profile {
            let profile = try BenchProfile(of: device) { _ = try withTensorErrors { try step() } }
            try profile.writeTrace(to: trace ?? "\(name).trace.json")
            if json { StandardStreams.output(profile.lines) } else { StandardStreams.output(profile.table) }
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

extension Double {
    /// The number with so many digits after the point.
    fileprivate func rounded(digits: Int) -> Double {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        return (self * scale).rounded() / scale
    }
}
