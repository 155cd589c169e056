import ApusData
import ApusGraph
import ApusModels
import ApusNN
import ApusTraining

/// The two splits of a data set, made to fit a model.
struct TrainingData {
    let training: any Dataset
    let test: any Dataset
    private let reference: DatasetReference
    /// What the folder's pictures of different sizes got when they were read; empty where nothing was needed.
    private let folderSteps: [PreprocessingStep]

    /// Loads both splits. Pictures of different sizes in folders get the size of the model's own images.
    init(_ reference: DatasetReference, _ unusable: ImageFolder.Unusable, for entry: ModelEntry) throws {
        let middle = Preprocessing.middle(height: entry.inputSize.height, width: entry.inputSize.width)
        let sizing = Compose(middle.map(\.transform))
        self.reference = reference
        training = try DatasetRegistry.standard.load(reference, .train, unusable: unusable, sizing: sizing)
        test = try DatasetRegistry.standard.load(reference, .test, unusable: unusable, sizing: sizing)
        folderSteps = Self.folder(training)?.transform == nil ? [] : middle
    }

    /// The number of classes.
    var classCount: Int { training.classNames.count }

    /// What the images are as they come from a data set.
    static func format(_ dataset: any Dataset) -> ImageFormat {
        let shape = dataset.sampleShape
        return ImageFormat(channels: shape[0], height: shape[1], width: shape[2])
    }

    /// The files that were left out of both splits when they were listed.
    var skipped: [DataError] {
        var seen: Set<String> = []
        return [training, test].compactMap(Self.folder).flatMap(\.skipped).filter { seen.insert($0.path).inserted }
    }

    private static func folder(_ dataset: any Dataset) -> ImageFolder? {
        ((dataset as? Subset)?.base ?? dataset) as? ImageFolder
    }

    /// The size of the images that a model is trained with: its own channels, and the data's height and width where it
    /// takes them, else its own.
    ///
    /// Recording a forward pass tells, and computes nothing; it draws from the shared generator. Throws a failure with code 65 where the model does not take
    /// its own size either.
    func inputSize(for entry: ModelEntry) throws -> [Int] {
        let own = entry.inputSize
        let shape = training.sampleShape
        let sizes = [[own.channels, shape[1], shape[2]], [own.channels, own.height, own.width]]
        var failure: TensorError?
        for size in sizes where test.sampleShape == shape || size != sizes[0] {
            do {
                return try withTensorErrors {
                    _ = noGrad { entry.makeModel(numClasses: classCount).eval()(.zeros(Shape([1] + size))) }
                    return size
                }
            } catch let error as TensorError {
                failure = error
            }
        }
        throw CommandFailure(
            .damaged,
            "the model \(entry.name) does not take the images of \(reference): \(failure.map { "\($0)" } ?? "")")
    }

    /// How the images become the model's input.
    func preprocessing(_ input: [Int], _ preset: TransformPreset) throws -> Preprocessing {
        let normalization = try preset.normalization(channels: input[0]) {
            // Going through a folder's pictures would take as long as an epoch.
            if Self.folder(training) != nil {
                return input[0] == 3 ? .imageNet : .grayImageNet
            }
            let shaped = Preprocessing(input: input)
            let steps = shaped.shaping(for: Self.format(training))
            let images = try steps.isEmpty ? training : training.transformed(Compose(steps.map(\.transform)))
            let statistics = try DatasetStatistics(images)
            return Preprocessing.Normalization(mean: statistics.mean, std: statistics.deviation)
        }
        return Preprocessing(input: input, normalization: normalization)
    }

    /// Whether a mirrored image is of the same class.
    var mirrors: Bool { reference.name != "mnist" }

    /// All steps from a picture to the model's input, for the checkpoint.
    func steps(_ preprocessing: Preprocessing) -> [PreprocessingStep] {
        folderSteps + preprocessing.steps(for: Self.format(training))
    }

    /// The transform of a loader that measures a model on one of the splits.
    static func evaluationTransform(_ preprocessing: Preprocessing, of dataset: any Dataset) -> Compose {
        Compose(preprocessing.steps(for: format(dataset)).map(\.transform))
    }

    /// The transform of a loader of training images.
    func trainingTransform(_ preprocessing: Preprocessing, _ preset: TransformPreset) -> Compose {
        let shaping = preprocessing.shaping(for: Self.format(training))
        let augmentation = preset.augmentation(input: preprocessing.input, mirrors: mirrors)
        return Compose(shaping.map(\.transform) + augmentation + preprocessing.numbers.map(\.transform))
    }

    /// What is done to the images' size and channels, for the log; nil where they are as the model takes them.
    func conversion(_ preprocessing: Preprocessing) -> String? {
        let steps = folderSteps + preprocessing.shaping(for: Self.format(training))
        guard !steps.isEmpty else { return nil }
        let size = preprocessing.input.map(String.init).joined(separator: "x")
        return "images become \(size) by \(steps.map(\.description).joined(separator: ", "))"
    }
}
