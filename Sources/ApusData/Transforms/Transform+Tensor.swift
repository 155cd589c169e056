import ApusEngine
import ApusGraph

extension Transform {
    /// Transforms images that are tensors: `uint8` or `float32`, [C, H, W] or [N, C, H, W].
    ///
    /// Each image of a batch gets random numbers of its own; torchvision would give all the same.
    ///
    /// - Parameters:
    ///   - tensor: the image or images.
    ///   - generator: where random numbers come from.
    /// - Throws: `TensorError` where the tensor is no image or cannot be transformed, or where images of a batch come
    ///   out in different sizes; and what evaluating the tensor throws.
    public func callAsFunction(_ tensor: Tensor, generator: Generator = .shared) throws -> Tensor {
        let sizes = tensor.shape.dimensions
        guard tensor.rank == 3 || tensor.rank == 4, tensor.shape.elementCount > 0 else {
            throw TensorError(
                "transform", "a tensor \(tensor.shape.brackets) is no image. Expected [C, H, W] or [N, C, H, W].")
        }
        guard let element = ImageFormat.Element(tensor.dtype) else {
            throw TensorError("transform", "images of \(tensor.dtype) are not known. Expected uint8 or float32.")
        }
        let shape = Shape(sizes.suffix(3))
        let count = tensor.rank == 4 ? sizes[0] : 1
        _ = try output(for: ImageFormat(channels: shape[0], height: shape[1], width: shape[2], element: element))
        let start = generator.reserve(blocks: 1)
        let epoch = TransformRandom.Epoch(seed: start.seed, epoch: Int(bitPattern: UInt(start.position)))
        return try tensor.withElements { bytes in
            guard let first = bytes.baseAddress else { throw TensorError("transform", "the tensor is empty.") }
            var result: Tensor?
            var results: [UInt8] = []
            let image = ImageSample()
            var format: ImageFormat?
            for index in 0..<count {
                image.load(borrowing: first + index * shape.elementCount * element.size, shape, element)
                var random = epoch.numbers(position: index)
                try apply(to: image, &random)
                guard format == nil || format == image.format else {
                    throw TensorError(
                        "transform", "images of the batch became \(image.format) and \(format?.description ?? "").")
                }
                format = image.format
                results += UnsafeRawBufferPointer(
                    start: image.pixels, count: image.sampleCount * image.element.size)
            }
            if let format, let shape = format.shape {
                let full = tensor.rank == 4 ? Shape([count] + shape.dimensions) : shape
                result = Tensor(TensorSpec(full, format.element == .byte ? .uint8 : .float32)) { target in
                    results.withUnsafeBytes { source in
                        UnsafeMutableRawBufferPointer(start: target, count: source.count).copyMemory(from: source)
                    }
                }
            }
            guard let result else { throw TensorError("transform", "the tensor holds no images.") }
            return result
        }
    }
}

extension ImageFormat.Element {
    fileprivate init?(_ dtype: DType) {
        switch dtype {
        case .uint8: self = .byte
        case .float32: self = .float
        default: return nil
        }
    }
}

extension BatchTransform {
    /// Mixes a batch: images `float32` [N, C, H, W], labels `int64` [N] or probabilities `float32` [N, classes].
    ///
    /// - Parameters:
    ///   - images: the images.
    ///   - labels: their classes or probabilities.
    ///   - classCount: the number of classes, needed for labels of one dimension.
    ///   - generator: where random numbers come from.
    /// - Returns: images, and probabilities [N, classes].
    /// - Throws: `TensorError` where the shapes do not fit, and what evaluating the tensors throws.
    public func callAsFunction(
        _ images: Tensor, _ labels: Tensor, classCount: Int? = nil, generator: Generator = .shared
    ) throws -> (images: Tensor, labels: Tensor) {
        let sizes = images.shape.dimensions
        guard images.rank == 4, images.dtype == .float32, images.shape.elementCount > 0 else {
            throw TensorError(
                "batch transform", "images \(images.shape.brackets) of \(images.dtype). Expected float32 [N, C, H, W].")
        }
        let classes = labels.rank == 2 ? labels.shape[1] : classCount ?? 0
        guard labels.rank == 1 || labels.rank == 2, labels.shape[0] == sizes[0], classes > 0 else {
            throw TensorError(
                "batch transform",
                "labels \(labels.shape.brackets) for \(sizes[0]) images. Expected [N] with classCount, or "
                    + "[N, classes].")
        }
        let probabilities: [Float] =
            if labels.rank == 2 {
                try labels.elements(as: Float.self)
            } else {
                try FloatBatch.probabilities(of: labels.elements(as: Int64.self), classCount: classes)
            }
        let start = generator.reserve(blocks: 1)
        var random = TransformRandom(seed: start.seed, epoch: Int(bitPattern: UInt(start.position)))
        var elements = try images.elements(as: Float.self)
        let mixed = try elements.withUnsafeMutableBufferPointer { buffer in
            var batch = FloatBatch(
                images: buffer, count: sizes[0], channels: sizes[1], height: sizes[2], width: sizes[3],
                probabilities: probabilities, classCount: classes)
            try apply(to: &batch, &random)
            return batch.probabilities
        }
        return (Tensor(elements, shape: images.shape), Tensor(mixed, shape: Shape([sizes[0], classes])))
    }
}

extension FloatBatch {
    /// 1 at the class of each label, 0 elsewhere: [count, classCount].
    ///
    /// - Throws: `TensorError` for a label that is no class.
    static func probabilities(of labels: [Int64], classCount: Int) throws -> [Float] {
        var probabilities = [Float](repeating: 0, count: labels.count * classCount)
        for (index, label) in labels.enumerated() {
            guard label >= 0, label < classCount else {
                throw TensorError("batch transform", "the label \(label) is not in 0 ..< \(classCount).")
            }
            probabilities[index * classCount + Int(label)] = 1
        }
        return probabilities
    }
}
