import ApusData

/// The transforms that the program knows by name: what is done to training images at random, and the normalisation that
/// all images get.
public enum TransformPreset: String, Sendable, Hashable, CaseIterable {
    /// Pixels from 0 to 1, nothing at random (`ToTensor()`).
    case plain
    /// The second tutorial's: mirrored with probability ½, grey with probability 0.1, −1 to 1; of grey images the other
    /// tutorials': as `plain`.
    case tutorial
    /// A crop of the image padded by a sixteenth, mirrored with probability ½, and normalised by the training images'
    /// mean and deviation. Short runs want less change than the 4 pixels around CIFAR's 32 of He et al. 2015 (section
    /// 4.2): 2 of 32 are Jordan's (2024, arXiv:2404.00498).
    case standard
    /// Turned by up to 12°, sheared by up to 8°, shifted by up to a tenth, and scaled by 0.85 to 1.15, which suits digits:
    /// none becomes another. Normalised as `standard`.
    case affine
    /// A crop of the image padded by an eighth, mirrored as in `standard`, with a random change of colour or shape (``/ApusData/TrivialAugmentWide``) and a rectangle erased in
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
        func crop(_ part: Int) -> RandomCrop {
            // Rounded: a sixteenth of 28 pixels are 2.
            let padding = [width, height].map { max(1, ($0 + part / 2) / part) }
            return RandomCrop(
                CropSize(height, width),
                padding: ImagePadding(left: padding[0], top: padding[1], right: padding[0], bottom: padding[1]),
                border: .reflect)
        }
        switch self {
        case .plain: return []
        case .tutorial: return input[0] == 3 ? [RandomHorizontalFlip(), RandomGrayscale(p: 0.1)] : []
        case .standard: return [crop(16)] + mirror
        case .affine:
            return [
                RandomAffine(
                    degrees: -12...12, translate: (0.1, 0.1), scale: 0.85...1.15, shearX: -8...8,
                    interpolation: .bilinear)
            ]
        case .strong: return [crop(8)] + mirror + [TrivialAugmentWide(), RandomErasing(scale: 0.02...0.2)]
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
        case .standard, .affine, .strong: try measured()
        }
    }
}
