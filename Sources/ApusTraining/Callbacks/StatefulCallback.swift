import ApusNN

/// A callback that remembers what a run needs to go on bit for bit, and that ``TrainingState`` therefore saves.
public protocol StatefulCallback: TrainerCallback {
    /// The name of its state, of lower-case letters; no two callbacks of a run have the same.
    var stateName: String { get }

    /// What it remembers.
    func saveState() throws -> CallbackState

    /// Goes on where the callback that made `state` stopped.
    ///
    /// Throws where the state is not that of such a callback.
    func restore(_ state: CallbackState) throws
}

/// What a callback remembers.
public struct CallbackState: Sendable {
    /// Tensors by name.
    public var tensors: StateDict
    /// All else, as JSON.
    public var json: String

    /// A state of tensors and of values, encoded as JSON.
    public init(tensors: StateDict = StateDict(), json: String = "{}") {
        (self.tensors, self.json) = (tensors, json)
    }
}
