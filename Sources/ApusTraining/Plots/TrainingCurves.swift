import ApusInterop

/// The curves of a training run: loss and accuracy on training and test data over the epochs.
public struct TrainingCurves: Sendable {
    /// What one epoch gave; a number that is not finite is left out.
    public struct Point: Sendable, Hashable {
        /// The number of the epoch.
        public var epoch: Int
        public var trainLoss: Double
        /// The share of correct samples, 0 … 1.
        public var trainAccuracy: Double
        public var testLoss: Double
        public var testAccuracy: Double

        /// An epoch; the accuracies are shares, 0 … 1.
        public init(epoch: Int, trainLoss: Double, trainAccuracy: Double, testLoss: Double, testAccuracy: Double) {
            (self.epoch, self.trainLoss, self.trainAccuracy) = (epoch, trainLoss, trainAccuracy)
            (self.testLoss, self.testAccuracy) = (testLoss, testAccuracy)
        }
    }

    /// The epochs in their order.
    public var points: [Point]

    /// The curves of these epochs.
    public init(_ points: [Point]) { self.points = points }

    /// The curves of a run's table.
    public init(of history: History) {
        points = history.records.map { record in
            Point(
                epoch: record.epoch, trainLoss: record.training.loss, trainAccuracy: record.training.accuracy,
                testLoss: record.test.loss, testAccuracy: record.test.accuracy)
        }
    }

    /// The loss beside the accuracy.
    public var sheet: ChartSheet {
        ChartSheet(
            [
                chart("loss", train: points.map(\.trainLoss), test: points.map(\.testLoss)),
                chart("accuracy", train: points.map(\.trainAccuracy), test: points.map(\.testAccuracy)),
            ], columns: 2, width: 560, height: 420)
    }

    /// Writes `curves.png` and `curves.svg` to a folder, each of which is replaced as a whole or not at all.
    ///
    /// - Throws: ``GnuplotError``, and `AtomicFile.WriteError` where a file cannot be written.
    public func write(toFolder folder: String) throws {
        for format in ChartSheet.Format.allCases { try sheet.write(to: "\(folder)/curves.\(format.rawValue)") }
    }

    private func chart(_ name: String, train: [Double], test: [Double]) -> LineChart {
        let epochs = points.map { Double($0.epoch) }
        return LineChart(
            title: name, xLabel: "epoch", yLabel: name,
            series: [.init("train", x: epochs, y: train), .init("test", x: epochs, y: test)], countsX: true)
    }
}
