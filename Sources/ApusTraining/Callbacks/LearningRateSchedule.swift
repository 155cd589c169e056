import ApusOptim
import Foundation

/// Moves a learning rate scheduler on: behind each update, or behind each epoch; ``/ApusOptim/ReduceLROnPlateau`` gets
/// the test loss of the epoch.
public final class LearningRateSchedule: StatefulCallback {
    /// When a scheduler makes a step.
    public enum Unit: Sendable, Hashable {
        /// Behind each update of the optimizer, as ``/ApusOptim/OneCycleLR`` counts.
        case update
        /// Behind each epoch.
        case epoch
    }

    /// The scheduler, of the trainer's optimizer.
    public let scheduler: LRScheduler
    /// When it makes a step.
    public let unit: Unit

    /// - Parameters:
    ///   - scheduler: of the trainer's optimizer.
    ///   - unit: when it makes a step.
    public init(_ scheduler: LRScheduler, every unit: Unit) { (self.scheduler, self.unit) = (scheduler, unit) }

    public func optimizerDidStep(_ trainer: Trainer) {
        if unit == .update { scheduler.step() }
    }

    public func epochDidEnd(_ record: EpochRecord, _ trainer: Trainer) {
        guard unit == .epoch else { return }
        if let plateau = scheduler as? ReduceLROnPlateau {
            plateau.step(record.test.loss)
        } else {
            scheduler.step()
        }
    }

    public let stateName = "schedule"

    public func saveState() throws -> CallbackState {
        CallbackState(json: String(decoding: try JSONEncoder().encode(scheduler.stateDict()), as: UTF8.self))
    }

    public func restore(_ state: CallbackState) throws {
        try scheduler.load(JSONDecoder().decode(SchedulerState.self, from: Data(state.json.utf8)))
    }
}
