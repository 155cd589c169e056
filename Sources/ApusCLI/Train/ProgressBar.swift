import ApusTraining
import Foundation

/// The bar that grows during an epoch, on the last line of a terminal.
struct ProgressBar {
    private let epochs: Int
    private let stepsPerEpoch: Int
    private let columns: Int
    private var lastDrawing: ContinuousClock.Instant?

    /// Drawing more often is not seen, and would cost more than a step of a small model.
    private static let interval = Duration.milliseconds(100)

    /// - Parameter columns: the width of the terminal.
    init(epochs: Int, stepsPerEpoch: Int, columns: Int) {
        self.epochs = epochs
        self.stepsPerEpoch = stepsPerEpoch
        self.columns = columns
    }

    /// Shows where the epoch is, if the last drawing is old enough.
    mutating func update(_ report: Trainer.StepReport) {
        let now = ContinuousClock.now
        if let lastDrawing, lastDrawing.duration(to: now) < Self.interval { return }
        lastDrawing = now
        StandardStreams.rawError("\r" + line(report) + "\u{1B}[K")
    }

    /// Clears the line.
    func clear() {
        if lastDrawing != nil { StandardStreams.rawError("\r\u{1B}[K") }
    }

    /// What the line reads; cut to the terminal, since a line that wraps could not be redrawn.
    func line(_ report: Trainer.StepReport) -> String {
        let width = 24
        let filled = stepsPerEpoch > 0 ? min(width, report.step * width / stepsPerEpoch) : 0
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled)
        // A GPU is not waited for, but for the first numbers of an epoch.
        let arrived = report.arrivedMetrics
        let metrics = arrived.sampleCount > 0 ? arrived : report.metrics
        let text = String(
            format: "epoch %d/%d [%@] %d/%d  loss %.4f  acc %.4f", report.epoch, epochs, bar, report.step,
            stepsPerEpoch, metrics.loss, metrics.accuracy)
        return String(text.prefix(max(0, columns - 1)))
    }
}
