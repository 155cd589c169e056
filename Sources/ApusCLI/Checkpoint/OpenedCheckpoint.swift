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

    /// A picture as the model takes it, [1, C, H, W], and what was done to its size and channels, for the log.
    ///
    /// Throws `TensorError` where it cannot be transformed.
    func input(_ image: Image) throws -> (tensor: Tensor, conversion: [PreprocessingStep]) {
        let picture = image.channels > 2 ? image.rgb() : image.gray()
        // A single picture keeps its proportions: the middle is taken.
        let isSized = [picture.height, picture.width] == Array(preprocessing.input.dropFirst())
        let format = ImageFormat(
            channels: picture.channels, height: isSized ? picture.height : nil, width: isSized ? picture.width : nil)
        let steps = preprocessing.steps(for: format)
        let tensor = try Compose(steps.map(\.transform))(picture.bytes())
        return (tensor.unsqueeze(dim: 0), preprocessing.shaping(for: format))
    }
}
