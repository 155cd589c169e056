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

    /// What the file says of its model.
    public let description: CheckpointDescription
    private let file: SafetensorsFile

    /// Reads the file at `path`.
    ///
    /// - Throws: `SafetensorsError` where the file is missing or damaged, `CheckpointError` where it is no checkpoint
    ///   of Apus.
    public init(path: String) throws {
        file = try SafetensorsFile(path: path)
        description = try CheckpointDescription(metadata: file.metadata, path: path)
    }

    /// Writes the weights of `model`; the file is replaced as a whole or not at all.
    ///
    /// - Throws: `SafetensorsError` (`notWritable`), and `TensorError` where a weight cannot be computed.
    public static func save(_ model: Module, _ description: CheckpointDescription, to path: String) throws {
        try model.stateDict().write(toSafetensors: path, metadata: description.metadata())
    }

    /// Throws `CheckpointError` unless the checkpoint is of the model of this name in the registry.
    public func check(isOf model: String) throws(CheckpointError) {
        guard description.model == model else {
            throw CheckpointError(
                path: file.path, problem: "this is a checkpoint of the model \(description.model), not of \(model)",
                hint: "Choose a checkpoint of \(model), or another folder.")
        }
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
