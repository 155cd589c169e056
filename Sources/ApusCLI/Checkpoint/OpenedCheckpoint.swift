import ApusData
import ApusGraph
import ApusNN
import ApusTraining
import Foundation

/// A checkpoint that a command works with: its model, in evaluation mode, and how pictures become its input.
struct OpenedCheckpoint {
    let model: Module
    let description: CheckpointDescription
    let preprocessing: Preprocessing

    /// Opens a checkpoint: a file, or the folder of a run, whose `model.safetensors` is taken.
    ///
    /// Throws `SafetensorsError` and `CheckpointError` for one that is missing, damaged, or another program's.
    init(_ path: String, on device: Device) throws {
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let file = isThere && isFolder.boolValue ? path + "/" + ModelCheckpoint.fileName : path
        let checkpoint = try ModelCheckpoint(path: file)
        description = checkpoint.description
        preprocessing = try Preprocessing(description, path: file)
        guard !description.classNames.isEmpty, description.classNames.count == description.arguments["num_classes"]
        else {
            throw CheckpointError(
                path: file,
                problem: "the metadata names \(description.classNames.count) classes, the model has "
                    + "\(description.arguments["num_classes"].map(String.init) ?? "?")",
                hint: "The file is damaged.")
        }
        model = try withTensorErrors { try checkpoint.makeModel().to(device) }
    }

    /// A picture of the size and the channels that the model takes, for people to see.
    ///
    /// Throws `TensorError` where it cannot be transformed.
    func shown(_ image: Image) throws -> Image {
        let picture = Self.plain(image)
        return try Image(Compose(preprocessing.shaping(for: format(picture)).map(\.transform))(picture.bytes()))
    }

    /// The picture in grey or in red, green and blue.
    private static func plain(_ image: Image) -> Image { image.channels > 2 ? image.rgb() : image.gray() }

    /// The format of a single picture, which keeps its proportions: of one of another size the middle is taken.
    private func format(_ picture: Image) -> ImageFormat {
        let isSized = [picture.height, picture.width] == Array(preprocessing.input.dropFirst())
        return ImageFormat(
            channels: picture.channels, height: isSized ? picture.height : nil, width: isSized ? picture.width : nil)
    }

    /// A picture as the model takes it, [1, C, H, W], and what was done to its size and channels, for the log.
    ///
    /// Throws `TensorError` where it cannot be transformed.
    func input(_ image: Image) throws -> (tensor: Tensor, conversion: [PreprocessingStep]) {
        let picture = Self.plain(image)
        let format = format(picture)
        let steps = preprocessing.steps(for: format)
        let tensor = try Compose(steps.map(\.transform))(picture.bytes())
        return (tensor.unsqueeze(dim: 0), preprocessing.shaping(for: format))
    }
}
