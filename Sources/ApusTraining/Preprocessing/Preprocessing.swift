import ApusData
import ApusGraph

/// How pictures become a model's input: size, channels and normalisation, without randomness.
///
/// ```swift
/// let preprocessing = Preprocessing(input: [3, 224, 224], normalization: .imageNet)
/// let steps = preprocessing.steps(for: ImageFormat(channels: 1, height: 300, width: 400))
/// // Resize(256), CenterCrop((224, 224)), Grayscale(3), ToTensor(), Normalize(…)
/// ```
public struct Preprocessing: Sendable, Hashable {
    /// Mean and standard deviation of each channel, of pixels from 0 to 1.
    public struct Normalization: Sendable, Hashable {
        public let mean: [Double]
        public let std: [Double]

        /// One number for each channel, or one for all; no deviation is 0.
        public init(mean: [Double], std: [Double]) { (self.mean, self.std) = (mean, std) }

        /// Those of ImageNet's training images, which torchvision's models are trained with.
        public static let imageNet = Normalization(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
        /// The same of grey images: the means of the three channels' numbers.
        public static let grayImageNet = Normalization(mean: [0.449], std: [0.226])
        /// −1 to 1: what the second tutorial's `Normalize((0.5, …), (0.5, …))` does.
        public static let half = Normalization(mean: [0.5], std: [0.5])
    }

    /// The sides that an image may have: JPEG counts them in 16 bits.
    static let possibleSides = 1...65_535

    /// What the model takes: channels, height and width.
    public let input: [Int]
    /// The normalisation; nil for pixels from 0 to 1.
    public let normalization: Normalization?

    /// - Parameters:
    ///   - input: what the model takes: channels (1 or 3), height and width.
    ///   - normalization: nil for pixels from 0 to 1.
    public init(input: [Int], normalization: Normalization? = nil) {
        precondition(input.count == 3 && input.allSatisfy { $0 > 0 }, "Preprocessing: \(input) is no [C, H, W]")
        (self.input, self.normalization) = (input, normalization)
    }

    /// The steps that pictures of a format need, in torchvision's order: sizes, channels, numbers.
    public func steps(for format: ImageFormat) -> [PreprocessingStep] {
        shaping(for: format) + numbers
    }

    /// What gives pictures of a format the size and the channels of ``input``; empty where they have them.
    public func shaping(for format: ImageFormat) -> [PreprocessingStep] {
        sizing(for: format) + channels(for: format)
    }

    /// What makes pictures of a format as large as ``input``; empty where they are.
    ///
    /// Pictures of one size and the right proportions are resized as a whole; of others, and where sizes differ, the
    /// shorter side is resized and the middle taken: see ``middle(height:width:)``.
    public func sizing(for format: ImageFormat) -> [PreprocessingStep] {
        let (height, width) = (input[1], input[2])
        if format.height == height, format.width == width { return [] }
        if let own = format.height, let other = format.width, own * width == other * height {
            return [.resize(height: height, width: width)]
        }
        return Self.middle(height: height, width: width)
    }

    /// The shorter side resized and the middle taken: of a side of 64 pixels or more 7/8, as torchvision does for its
    /// models (224 of 256), of a smaller one, which has no border to lose, all.
    public static func middle(height: Int, width: Int) -> [PreprocessingStep] {
        let side = max(height, width)
        let shorter = side >= 64 ? Int((Double(side) * 8 / 7).rounded()) : side
        return [.resizeShorterSide(shorter), .centerCrop(height: height, width: width)]
    }

    /// What gives pictures of a format the channels of ``input``; empty where they have them.
    public func channels(for format: ImageFormat) -> [PreprocessingStep] {
        format.channels == input[0] ? [] : [.grayscale(channels: input[0])]
    }

    /// What makes numbers of pixels.
    public var numbers: [PreprocessingStep] {
        [.toTensor] + (normalization.map { [.normalize(mean: $0.mean, std: $0.std)] } ?? [])
    }
}

extension Preprocessing {
    /// What a checkpoint says of its model's input.
    ///
    /// - Throws: `CheckpointError` where a step is not known, or the sizes are none of an image.
    public init(_ description: CheckpointDescription, path: String) throws(CheckpointError) {
        let input = description.inputSize
        guard input.count == 3, [1, 3].contains(input[0]), input.allSatisfy(Self.possibleSides.contains) else {
            throw CheckpointError(
                path: path, problem: "the metadata's input_size \(input) is no size of an image",
                hint: "Channels (1 or 3), height and width are needed. The file is damaged.")
        }
        var normalization: Normalization?
        for text in description.transform {
            guard let step = PreprocessingStep(text) else {
                throw CheckpointError(
                    path: path, problem: "the metadata's transform \"\(text)\" is not known",
                    hint: "Use the version of Apus that wrote the file.")
            }
            if case .normalize(let mean, let std) = step { normalization = Normalization(mean: mean, std: std) }
        }
        if let count = normalization?.mean.count, ![1, input[0]].contains(count) {
            throw CheckpointError(
                path: path, problem: "the metadata's transform normalises \(count) channels, the model has \(input[0])",
                hint: "The file is damaged.")
        }
        self.init(input: input, normalization: normalization)
    }
}
