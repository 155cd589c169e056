import ApusNN

/// The models that the program knows by name.
///
/// A new model is a file with its class and its entries, which are named here.
public enum ModelRegistry {
    /// All models, in the order in which they are listed.
    public static let entries: [ModelEntry] = [
        LeNet.entries, LeNet5.entries, CNN2.entries, CNN4.entries, TrashNet.entries, AlexNet.entries, VGG.entries,
        NiN.entries, GoogLeNet.entries, ResNet.entries, CIFARResNet.entries, ResNet9.entries, MobileNetV2.entries,
        FastNet.entries,
    ].flatMap { $0 }

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
    /// The name that was asked for.
    public let name: String
    /// The names of all models.
    public let known: [String]

    /// The name and the known ones.
    public var description: String { "there is no model \"\(name)\". Known models: \(known.joined(separator: ", "))." }
}
