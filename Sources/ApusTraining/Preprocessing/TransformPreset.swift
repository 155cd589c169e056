import ApusData

/// The transforms that the program knows by name: what is done to training images at random, and the normalisation that
/// all images get.
public enum TransformPreset: String, Sendable, Hashable, CaseIterable {
    /// Pixels from 0 to 1, nothing at random (`ToTensor()`).
    case plain
    /// The second tutorial's: mirrored with probability ½, grey with probability 0.1, −1 to 1; of grey images the other
    /// tutorials': as `plain`.
    case tutorial
    /// A crop of the image padded by an eighth, mirrored with probability ½, and normalised by the training images' mean
    /// and deviation (He et al. 2015, section 4.2: 4 pixels around CIFAR's 32).
    case standard
    /// `standard`, with a random change of colour or shape (``/ApusData/TrivialAugmentWide``) and a rectangle erased in
    /// half of the images (``/ApusData/RandomErasing``).
    case strong

    /// What is done to training images at random, once they have the model's size and channels.
    ///
    /// - Parameters:
    ///   - input: the model's input: channels, height and width.
    ///   - mirrors: whether a mirrored image is of the same class, as digits are not.
    public func augmentation(input: [Int], mirrors: Bool) -> [any Transform] {
        let mirror: [any Transform] = mirrors ? [RandomHorizontalFlip()] : []
        let (height, width) = (input[1], input[2])
        let crop = RandomCrop(
            CropSize(height, width), padding: [max(1, width / 8), max(1, height / 8)], border: .reflect)
        switch self {
        case .plain: return []
        case .tutorial: return input[0] == 3 ? [RandomHorizontalFlip(), RandomGrayscale(p: 0.1)] : []
        case .standard: return [crop] + mirror
        case .strong: return [crop] + mirror + [TrivialAugmentWide(), RandomErasing(scale: 0.02...0.2)]
        }
    }

    /// The normalisation of all images; nil for pixels from 0 to 1.
    ///
    /// - Parameters:
    ///   - channels: those of the model's input.
    ///   - measured: gives that of the training images; called only where it is needed.
    public func normalization(
        channels: Int, measured: () throws -> Preprocessing.Normalization
    ) rethrows -> Preprocessing.Normalization? {
        switch self {
        case .plain: nil
        case .tutorial: channels == 3 ? .half : nil
        case .standard, .strong: try measured()
        }
    }
}
