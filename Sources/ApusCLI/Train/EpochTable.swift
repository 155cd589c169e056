import ApusTraining
import Foundation

/// The table of a training run on standard error: a heading, and a line an epoch.
struct EpochTable {
    /// The columns' heading.
    static let heading = "epoch   train loss   train acc   test loss   test acc     images/s       time"

    /// The line of an epoch.
    static func line(_ record: EpochRecord) -> String {
        String(
            format: "%5d   %10.4f   %9.4f   %9.4f   %8.4f   %10.0f   %6.1f s", record.epoch, record.training.loss,
            record.training.accuracy, record.test.loss, record.test.accuracy, record.imagesPerSecond, record.seconds)
    }
}
