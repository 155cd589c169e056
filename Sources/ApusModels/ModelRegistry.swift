import ApusNN

/// The models that the program knows by name.
///
/// A new model is a file with its class, and an entry here.
public enum ModelRegistry {
    /// All models, in the order in which they are listed.
    public static let entries: [ModelEntry] = [
        ModelEntry(
            name: "lenet",
            summary: "LeNet with sigmoids and max-pooling (LeCun et al. 1998), as in the first tutorial",
            inputSize: (1, 28, 28),
            defaults: TrainingDefaults(optimizer: .adam, lr: 0.001, batchSize: 256, epochs: 5),
            build: { LeNet(numClasses: $0, inChannels: $1) }),
        ModelEntry(
            name: "lenet5",
            summary: "LeNet-5 with sigmoids and average pooling (LeCun et al. 1998), as in the second tutorial",
            inputSize: (1, 28, 28),
            defaults: TrainingDefaults(optimizer: .sgd, lr: 0.5, batchSize: 100, epochs: 16),
            build: { LeNet5(numClasses: $0, inChannels: $1) }),
        ModelEntry(
            name: "cnn4",
            summary: "four 5×5 convolutions with batch norm, ReLU and max-pooling, as in the fourth tutorial",
            inputSize: (1, 28, 28),
            defaults: TrainingDefaults(optimizer: .adam, lr: 0.001, batchSize: 100, epochs: 5),
            build: { CNN4(numClasses: $0, inChannels: $1) }),
    ]

    /// The model of a name; throws ``UnknownModelError`` where there is none.
    public static func entry(named name: String) throws(UnknownModelError) -> ModelEntry {
        guard let entry = entries.first(where: { $0.name == name }) else {
            throw UnknownModelError(name: name, known: entries.map(\.name))
        }
        return entry
    }
}

/// A name that no model has.
public struct UnknownModelError: Error, Sendable, CustomStringConvertible {
    public let name: String
    public let known: [String]

    public var description: String { "there is no model \"\(name)\". Known models: \(known.joined(separator: ", "))." }
}
