import ApusData
import ApusGraph
import ApusInterop
import ApusNN
import ApusOptim
import Foundation

/// A ``TrainingState`` as a safetensors file, with a checksum over all of it.
///
/// Tensors are named `model.KEY`, `optimizer.INDEX.NAME` and `callback.NAME.KEY`; all else is JSON in the metadata.
enum TrainingStateFile {
    /// The version of the layout below; a reader refuses another.
    private static let formatVersion = "1"

    /// What is no tensor.
    private struct Values: Codable {
        struct ParameterState: Codable {
            let step: Int
            let numbers: [String: Double]
        }

        let progress: TrainingProgress
        let loader: DataLoader.Position
        let randomSeed: UInt64
        let randomPosition: UInt64
        let groups: [OptimizerStateDict.Group]
        let parameters: [ParameterState]
        let callbacks: [String: String]
        let settings: [String: String]
        /// Not in files of earlier versions, whose kernels were all estimated.
        let kernelChoices: [String: String]?
        /// Only of runs whose scaler is enabled.
        let scaler: GradScalerState?
    }

    /// Writes a state; the file is replaced as a whole or not at all.
    ///
    /// Throws `SafetensorsError` (`notWritable`), and `TensorError` where a tensor cannot be computed.
    static func write(_ state: TrainingState, to path: String) throws {
        var tensors = state.model.map { ("model." + $0.key, $0.tensor) }
        for (index, entry) in state.optimizer.states.enumerated() {
            tensors += entry.tensors.map { ("optimizer.\(index).\($0.key)", $0.value) }
        }
        for (name, callback) in state.callbacks {
            tensors += callback.tensors.map { ("callback.\(name).\($0.key)", $0.tensor) }
        }
        let values = Values(
            progress: state.progress, loader: state.loader, randomSeed: state.random.seed,
            randomPosition: state.random.position, groups: state.optimizer.groups,
            parameters: state.optimizer.states.map { .init(step: $0.step, numbers: $0.numbers) },
            callbacks: state.callbacks.mapValues(\.json), settings: state.settings,
            kernelChoices: state.kernelChoices, scaler: state.scaler)
        let encoder = JSONEncoder()
        // A learning rate or a loss may be infinite.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        encoder.outputFormatting = .sortedKeys
        let metadata = [
            "apus_state": formatVersion, "values": String(decoding: try encoder.encode(values), as: UTF8.self),
        ]
        try CheckedSafetensors.write(StateDict(tensors), metadata: metadata, to: path)
    }

    /// Reads a state.
    ///
    /// Throws `SafetensorsError` where the file is missing or damaged, and `CheckpointError` where it is not such a
    /// file, of another version, or fails its checksum.
    static func read(_ path: String) throws -> TrainingState {
        let file = try CheckedSafetensors.read(path)
        guard let version = file.metadata["apus_state"], let text = file.metadata["values"] else {
            throw CheckpointError(
                path: path, problem: "this is no saved training run", hint: "Choose the folder of a run.")
        }
        guard version == formatVersion else {
            throw CheckpointError(
                path: path, problem: "the saved run has version \(version), this program reads \(formatVersion)",
                hint: "Go on with the version of Apus that wrote it.")
        }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let values: Values
        do {
            values = try decoder.decode(Values.self, from: Data(text.utf8))
        } catch {
            throw CheckpointError(
                path: path, problem: "the saved run cannot be read (\(error))",
                hint: "The file is damaged or was written by another program.")
        }
        return assemble(try StateDict(file), values)
    }

    private static func assemble(_ tensors: StateDict, _ values: Values) -> TrainingState {
        var model: [(String, Tensor)] = []
        var states = values.parameters.map { OptimizerState(step: $0.step, numbers: $0.numbers) }
        var callbacks = values.callbacks.mapValues { CallbackState(json: $0) }
        for (key, tensor) in tensors {
            let parts = key.split(separator: ".", maxSplits: 2).map(String.init)
            if parts[0] == "model" {
                model.append((String(key.dropFirst("model.".count)), tensor))
            } else if parts.count == 3, parts[0] == "optimizer", let index = Int(parts[1]),
                states.indices.contains(index)
            {
                states[index].tensors[parts[2]] = tensor
            } else if parts.count == 3, parts[0] == "callback" {
                callbacks[parts[1]]?.tensors[parts[2]] = tensor
            }
        }
        return TrainingState(
            model: StateDict(model), optimizer: OptimizerStateDict(groups: values.groups, states: states),
            scaler: values.scaler, callbacks: callbacks, progress: values.progress,
            random: Generator.State(seed: values.randomSeed, position: values.randomPosition), loader: values.loader,
            settings: values.settings, kernelChoices: values.kernelChoices ?? [:])
    }
}
