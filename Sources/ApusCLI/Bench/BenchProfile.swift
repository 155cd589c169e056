import ApusEngine
import ApusGraph
import ApusInterop
import Foundation

/// Where the time of a step goes: the mean of some steps, kernel by kernel.
struct BenchProfile {
    /// A step of the plan; equal ones of the same layer count as one.
    private struct Row {
        let step: Profile.Step
        var calls = 0
        var nanoseconds: Int64 = 0

        mutating func add(_ step: Profile.Step) {
            calls += 1
            nanoseconds += step.nanoseconds
        }

        /// Milliseconds in each run.
        var milliseconds: Double { Double(nanoseconds) / 1e6 / Double(BenchProfile.runs) }

        /// Products with sums a second; nil where they are not counted.
        var multiplyAddsPerSecond: Double? {
            step.multiplyAdds > 0 ? Double(step.multiplyAdds) * Double(calls) / Double(nanoseconds) * 1e9 : nil
        }

        /// Gigabytes read and written a second, each operand once: bytes a nanosecond.
        var gigabytesPerSecond: Double { Double(step.bytes) * Double(calls) / Double(nanoseconds) }
    }

    /// Steps that are looked at: enough for a mean, few enough for a trace that is readable.
    private static let runs = 10

    private let rows: [Row]
    private let lastRun: [Profile.Step]
    /// Milliseconds of a whole step.
    private let milliseconds: Double
    /// nil where the device's peak cannot be measured.
    private let peakMultiplyAdds: Double?

    /// Looks at some runs of a step that has run before.
    init(of device: Device, _ step: () throws -> Void) throws {
        peakMultiplyAdds = try device.measurePeakMultiplyAdds()
        let clock = ContinuousClock()
        var elapsed = 0.0
        var rows: [[String]: Row] = [:]
        var lastRun: [Profile.Step] = []
        for _ in 0..<Self.runs {
            let start = clock.now
            let profile = try Engine.shared.profile(step)
            elapsed += start.duration(to: clock.now) / .milliseconds(1)
            lastRun = profile.steps
            for step in profile.steps {
                let key = [step.operation, step.kernel, step.layer, step.shapes]
                rows[key, default: Row(step: step)].add(step)
            }
        }
        self.lastRun = lastRun
        self.rows = rows.values.sorted { $0.nanoseconds > $1.nanoseconds }
        milliseconds = elapsed / Double(Self.runs)
    }

    private var kernelMilliseconds: Double { rows.reduce(0) { $0 + $1.milliseconds } }

    private func shareOfPeak(_ row: Row) -> Double? {
        guard let rate = row.multiplyAddsPerSecond, let peakMultiplyAdds else { return nil }
        return rate / peakMultiplyAdds
    }

    /// The table, the most expensive kernel first.
    var table: String {
        var table = TextTable(
            ["ms", "share", "GFLOP/s", "of peak", "GB/s", "kernel", "operation", "layer", "shapes"],
            rightAligned: [0, 1, 2, 3, 4])
        for row in rows {
            let (step, rate) = (row.step, row.multiplyAddsPerSecond)
            table.append([
                row.milliseconds.fixed(3), (100 * row.milliseconds / milliseconds).fixed(1) + " %",
                rate.map { (2 * $0 / 1e9).fixed(1) } ?? "",
                shareOfPeak(row).map { (100 * $0).fixed(0) + " %" } ?? "", row.gigabytesPerSecond.fixed(1),
                step.kernel, shortened(step.operation), step.layer, shortened(step.shapes),
            ])
        }
        let between = milliseconds - kernelMilliseconds
        let peak =
            peakMultiplyAdds.map { "the peak, measured, is \((2 * $0 / 1e9).fixed(1)) GFLOP/s" }
            ?? "the peak of this device is not measured"
        return table.text + """

            kernels \(kernelMilliseconds.fixed(3)) ms, beside them \(between.fixed(3)) ms of \
            \(milliseconds.fixed(3)) ms a step; \(peak)
            """
    }

    /// A JSON object for each kernel.
    var lines: String {
        rows.map { row in
            let step = row.step
            return JSONLine([
                "event": .string("kernel"), "operation": .string(step.operation), "kernel": .string(step.kernel),
                "layer": .string(step.layer), "shapes": .string(step.shapes), "milliseconds": .number(row.milliseconds),
                "multiply_adds": .integer(step.multiplyAdds), "bytes": .integer(step.bytes),
                "share_of_peak": shareOfPeak(row).map { .number($0) } ?? .null,
            ]).text
        }.joined(separator: "\n")
    }

    /// The first characters, where a chain of many functions or parameters would fill the screen.
    private func shortened(_ text: String) -> String { text.count > 60 ? text.prefix(59) + "…" : text }

    /// Writes the last run in Chrome's trace format: a complete event ("X") for each kernel, in microseconds.
    func writeTrace(to path: String) throws {
        let events = lastRun.map { step in
            JSONText.object([
                ("name", JSONText.quoted(step.operation)), ("cat", JSONText.quoted("kernel")),
                ("ph", JSONText.quoted("X")), ("ts", JSONText.number(Double(step.start) / 1e3)),
                ("dur", JSONText.number(Double(step.nanoseconds) / 1e3)), ("pid", "1"), ("tid", "1"),
                (
                    "args",
                    JSONText.object([
                        ("kernel", JSONText.quoted(step.kernel)), ("layer", JSONText.quoted(step.layer)),
                        ("shapes", JSONText.quoted(step.shapes)),
                    ])
                ),
            ])
        }
        let text = "{\"traceEvents\":[\n" + events.joined(separator: ",\n") + "\n]}\n"
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw CommandFailure(.failed, "\(path): the trace cannot be written: \(error.localizedDescription)")
        }
    }
}
