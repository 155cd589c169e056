import ApusInterop

/// The table of a run's epochs, `history.csv`: one line an epoch, with a heading.
///
/// The columns are those of the program's epoch lines: epoch, train_loss, train_accuracy, test_loss, test_accuracy,
/// train_seconds, seconds, images_per_second. Numbers are written so that reading them gives the same value again.
public struct History: Sendable {
    /// The epochs in their order.
    public let records: [EpochRecord]

    /// The table of these epochs.
    public init(_ records: [EpochRecord]) { self.records = records }

    /// The table as comma-separated values.
    public var text: String {
        let heading = "epoch,train_loss,train_accuracy,test_loss,test_accuracy,train_seconds,seconds,images_per_second"
        let lines = records.map { record in
            let numbers = [
                record.training.loss, record.training.accuracy, record.test.loss, record.test.accuracy,
                record.trainSeconds, record.seconds, record.imagesPerSecond,
            ]
            return "\(record.epoch)," + numbers.map(\.description).joined(separator: ",")
        }
        return ([heading] + lines).joined(separator: "\n") + "\n"
    }

    /// Writes the table to the file at `path`, which is replaced as a whole or not at all.
    ///
    /// - Throws: `AtomicFile.WriteError`.
    public func write(to path: String) throws {
        try AtomicFile.write(to: path) { try $0.write(Array(text.utf8)) }
    }
}
