import ApusGraph

/// Transforms as a loader runs them: nested ones laid flat, and what ends each image's way done in one pass.
struct Pipeline: Sendable {
    /// How an image of the last format becomes the floats of the batch.
    private enum Ending: Sendable {
        /// Bytes divided by 255; floats as they are.
        case plain
        /// (byte / 255 - mean) / std.
        case normalized(mean: [Float], deviation: [Float])
    }

    private let transforms: [any Transform]
    private let ending: Ending

    init(_ transform: any Transform) {
        var flat = Self.flatten(transform)
        // ToTensor and Normalize at the end read bytes once and write floats once; nothing else is in between.
        if flat.count >= 2, flat[flat.count - 2] is ToTensor, let normalize = flat.last as? Normalize {
            flat.removeLast(2)
            ending = .normalized(mean: normalize.mean, deviation: normalize.std)
        } else {
            if flat.last is ToTensor { flat.removeLast() }
            ending = .plain
        }
        transforms = flat
    }

    /// The transforms in the order in which they run, without any that hold others.
    static func flatten(_ transform: any Transform) -> [any Transform] {
        (transform as? Compose)?.transforms.flatMap(flatten) ?? [transform]
    }

    /// Whether images are only divided by 255.
    var isEmpty: Bool {
        if case .plain = ending { transforms.isEmpty } else { false }
    }

    /// Changes a loaded image and writes it, of the shape [channels, height, width], as floats.
    func run(
        _ image: ImageSample, _ random: inout TransformRandom, into target: UnsafeMutablePointer<Float>, shape: Shape
    ) throws {
        for transform in transforms { try transform.apply(to: image, &random) }
        guard [image.channels, image.height, image.width] == shape.dimensions else {
            throw TensorError(
                "transform",
                "an image became \(image.format) where \(shape.brackets) was expected: all images of a batch have one "
                    + "size. Let Resize, CenterCrop or RandomResizedCrop with two sizes end the transforms.")
        }
        switch ending {
        case .normalized(let mean, let deviation) where image.element == .byte:
            image.writeNormalized(to: target, mean: mean, deviation: deviation)
        case .normalized(let mean, let deviation):
            image.normalize(mean: mean, deviation: deviation)
            image.write(to: target)
        case .plain:
            image.write(to: target)
        }
    }
}
