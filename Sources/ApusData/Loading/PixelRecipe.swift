import ApusGraph

/// Transforms of bytes as a device runs them: one primitive for a whole batch, and for each image the item that it
/// reads.
struct PixelRecipe: Sendable {
    let primitive: TransformBytes
    private let transforms: [any PixelTransform]
    private let height: Int
    private let width: Int

    /// - Parameters:
    ///   - transforms: what is done to each image, none of which holds others.
    ///   - shape: the shape of an image of bytes.
    /// - Returns: nil where a device cannot give exactly what the transforms give.
    init?(_ transforms: [any Transform], of shape: Shape) {
        guard var plan = Plan(shape) else { return nil }
        for transform in transforms where !plan.add(transform) { return nil }
        guard let primitive = plan.primitive else { return nil }
        (self.primitive, self.transforms, height, width) = (primitive, plan.moving, shape[1], shape[2])
    }

    /// Draws what is done to the image at `position`.
    ///
    /// - Throws: what the transforms would throw.
    func item(position: Int, _ random: inout TransformRandom) throws -> TransformBytes.Item {
        var map = PixelMap(height: height, width: width)
        for transform in transforms { try transform.apply(to: &map, &random) }
        return map.item(position: position)
    }
}

/// What is known of a recipe while one transform after the other is added.
private struct Plan {
    private let stored: Shape
    private var format: ImageFormat
    private(set) var moving: [any PixelTransform] = []
    private var fill: [UInt8]?
    private var mean: [Float] = []
    private var deviation: [Float] = []
    private var isGray = false

    init?(_ shape: Shape) {
        guard shape.rank == 3 else { return nil }
        stored = shape
        format = ImageFormat(channels: shape[0], height: shape[1], width: shape[2])
    }

    /// Adds a transform; false where it cannot be.
    mutating func add(_ transform: any Transform) -> Bool {
        guard let output = try? transform.output(for: format) else { return false }
        defer { format = output }
        switch transform {
        case is ToTensor:
            return true
        case let normalize as Normalize:
            guard mean.isEmpty else { return false }
            (mean, deviation) = (normalize.mean, normalize.std)
            return true
        case let transform as any PixelTransform:
            guard let effect = transform.effect(on: format), add(fill: effect.fill), add(effect.gray) else {
                return false
            }
            moving.append(transform)
            return true
        default:
            return false
        }
    }

    /// Whether what comes in from beyond the borders can be said in bytes of the data set.
    private mutating func add(fill values: [Double]?) -> Bool {
        guard let values else { return true }
        let isZero = values.allSatisfy { $0 == 0 && $0.sign == .plus }
        // Zeros stay what they are, whether they are made numbers or gray before or after they come in.
        let isUnchanged = format.element == .byte && !isGray && format.channels == stored[0]
        guard mean.isEmpty, isZero || isUnchanged, [1, format.channels].contains(values.count),
            values.allSatisfy({ (0...255).contains($0) })
        else { return false }
        let bytes = (0..<stored[0]).map { UInt8(Float(isZero || values.count == 1 ? values[0] : values[$0])) }
        guard fill == nil || fill == bytes else { return false }
        fill = bytes
        return true
    }

    /// Whether three channels become gray at most once, and as bytes: twice is darker, and of floats nothing is cut
    /// off.
    private mutating func add(_ gray: PixelEffect.Gray) -> Bool {
        guard gray != .never, format.channels != 1 else { return true }
        guard format.channels == 3, stored[0] == 3, format.element == .byte, !isGray else { return false }
        isGray = true
        return true
    }

    /// The primitive; nil where its shape rule does not take the images.
    var primitive: TransformBytes? {
        guard let height = format.height, let width = format.width else { return nil }
        func spread(_ numbers: [Float]) -> [Float] {
            numbers.count == 1 ? [Float](repeating: numbers[0], count: format.channels) : numbers
        }
        let primitive = TransformBytes(
            channels: format.channels, height: height, width: width,
            fill: fill ?? [UInt8](repeating: 0, count: stored[0]), mean: spread(mean), std: spread(deviation))
        let specs = [
            TensorSpec(Shape([1] + stored.dimensions), .uint8), TensorSpec([1], .int64),
            TensorSpec([1, TransformBytes.Item.wordCount], .int64),
        ]
        return (try? primitive.infer(specs)) == nil ? nil : primitive
    }
}
