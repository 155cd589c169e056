import Foundation

/// What a checkpoint says of its model, beside the weights: enough to build the model again and to feed it.
public struct CheckpointDescription: Sendable, Hashable {
    /// The model's name in the registry, such as `lenet`.
    public var model: String
    /// The arguments that the model was built with: `num_classes` and `in_channels`.
    public var arguments: [String: Int]
    /// The names of the classes, by index of the logit.
    public var classNames: [String]
    /// The size of an image: [channels, height, width].
    public var inputSize: [Int]
    /// What was done to the images before the model saw them, step by step in torchvision's names.
    public var transform: [String]

    /// Pixels as numbers from 0 to 1: byte / 255 (`torchvision.transforms.ToTensor`).
    public static let toTensor = ["ToTensor()"]

    public init(
        model: String, arguments: [String: Int], classNames: [String], inputSize: [Int], transform: [String] = toTensor
    ) {
        self.model = model
        self.arguments = arguments
        self.classNames = classNames
        self.inputSize = inputSize
        self.transform = transform
    }
}

extension CheckpointDescription {
    /// The version of the keys below; a reader refuses another.
    private static let formatVersion = "1"

    /// The description as a safetensors file's `__metadata__`, which holds strings only: lists and arguments are JSON.
    ///
    /// `format` is `pt`, as other programs expect it of files whose tensors have PyTorch's names and layouts.
    func metadata() throws -> [String: String] {
        [
            "apus": Self.formatVersion, "format": "pt", "model": model, "arguments": try Self.json(arguments),
            "class_names": try Self.json(classNames), "input_size": try Self.json(inputSize),
            "transform": try Self.json(transform),
        ]
    }

    /// Reads the metadata of the checkpoint at `path`.
    init(metadata: [String: String], path: String) throws(CheckpointError) {
        guard let version = metadata["apus"], let model = metadata["model"] else {
            throw CheckpointError(
                path: path, problem: "this is no checkpoint of Apus: its metadata names no model",
                hint: "Choose another file, or load its weights in code with SafetensorsFile.")
        }
        guard version == Self.formatVersion else {
            throw CheckpointError(
                path: path, problem: "the checkpoint has version \(version), this program reads \(Self.formatVersion)",
                hint: "Use the version of Apus that wrote it.")
        }
        self.model = model
        arguments = try Self.parse("arguments", metadata, path)
        classNames = try Self.parse("class_names", metadata, path)
        inputSize = try Self.parse("input_size", metadata, path)
        transform = try Self.parse("transform", metadata, path)
    }

    /// JSON with sorted keys, so that equal checkpoints are equal files.
    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func parse<Value: Decodable>(
        _ key: String, _ metadata: [String: String], _ path: String
    ) throws(CheckpointError) -> Value {
        guard let text = metadata[key], let value = try? JSONDecoder().decode(Value.self, from: Data(text.utf8)) else {
            throw CheckpointError(
                path: path, problem: "the metadata's \(key) is \(metadata[key].map { "\"\($0)\"" } ?? "missing")",
                hint: "The file is damaged or was written by another program: fetch it again.")
        }
        return value
    }
}
