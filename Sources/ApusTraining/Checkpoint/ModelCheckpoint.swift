import ApusInterop
import ApusModels
import ApusNN

/// A model's weights in a safetensors file, `model.safetensors`, with what is needed to build the model again.
///
/// The tensors have the names of the model's ``/ApusNN/Module/stateDict()``, which are PyTorch's. The file holds no times and
/// no paths: equal weights are equal files, byte for byte.
public struct ModelCheckpoint {
    /// The name of the file in a run's folder.
    public static let fileName = "model.safetensors"
    /// The name of the best epoch's file in a run's folder.
    public static let bestFileName = "best.safetensors"

    /// What the file says of its model.
    public let description: CheckpointDescription
    private let file: SafetensorsFile

    /// Reads the file at `path`.
    ///
    /// - Throws: `SafetensorsError` where the file is missing or damaged, `CheckpointError` where it is no checkpoint
    ///   of Apus or fails its checksum.
    public init(path: String) throws {
        file = try CheckedSafetensors.read(path)
        description = try CheckpointDescription(metadata: file.metadata, path: path)
    }

    /// Writes the weights of `model`; the file is replaced as a whole or not at all.
    ///
    /// - Throws: `SafetensorsError` (`notWritable`), and `TensorError` where a weight cannot be computed.
    public static func save(_ model: Module, _ description: CheckpointDescription, to path: String) throws {
        try CheckedSafetensors.write(model.stateDict(), metadata: description.metadata(), to: path)
    }

    /// Throws `CheckpointError` unless the checkpoint is of the model of this name in the registry.
    public func check(isOf model: String) throws(CheckpointError) {
        guard description.model == model else {
            throw CheckpointError(
                path: file.path, problem: "this is a checkpoint of the model \(description.model), not of \(model)",
                hint: "Choose a checkpoint of \(model), or another folder.")
        }
    }

    /// Builds the model that the file names, with the file's weights, in evaluation mode.
    ///
    /// - Throws: `CheckpointError` where no model has this name, its arguments are none of a model, or the weights are
    ///   those of another.
    public func makeModel() throws -> Module {
        let entry: ModelEntry
        do {
            entry = try ModelRegistry.entry(named: description.model)
        } catch {
            throw CheckpointError(
                path: file.path, problem: "\(error)", hint: "Use the version of Apus that wrote the file.")
        }
        guard let classes = description.arguments["num_classes"], classes > 0,
            let channels = description.arguments["in_channels"], channels > 0
        else {
            throw CheckpointError(
                path: file.path,
                problem: "the metadata's arguments \(description.arguments) lack num_classes or in_channels",
                hint: "The file is damaged.")
        }
        let model = entry.makeModel(numClasses: classes, inChannels: channels)
        try load(into: model)
        return model.eval()
    }

    /// The weights by name.
    ///
    /// - Throws: `CheckpointError` for a tensor of a type that Apus does not compute with.
    public func stateDict() throws -> StateDict { try StateDict(file) }

    /// Sets all weights of `model` to those of the file.
    ///
    /// - Throws: `CheckpointError` where names or shapes differ; then the model is unchanged.
    public func load(into model: Module) throws {
        do {
            try model.load(stateDict())
        } catch let error as StateDictError {
            throw CheckpointError(
                path: file.path, problem: "the weights are not those of this model. \(error.description)",
                hint: "Choose a checkpoint of this model.")
        }
    }
}
