import ApusGraph

/// Makes images of another size (`torchvision.transforms.v2.Resize`).
///
/// Of bytes the bilinear and bicubic results with antialiasing are Pillow's; see ``ImageSample/resize(height:width:interpolation:antialias:)``.
public struct Resize: Transform {
    /// What size is aimed at.
    public enum Target: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
        /// Height and width.
        case exact(height: Int, width: Int)
        /// The shorter side; the longer one is scaled alike and rounded down.
        case shorterSide(Int)

        /// One number is the shorter side.
        public init(integerLiteral value: Int) { self = .shorterSide(value) }

        /// `[height, width]`, or `[shorter side]`.
        public init(arrayLiteral elements: Int...) {
            switch elements.count {
            case 1: self = .shorterSide(elements[0])
            case 2: self = .exact(height: elements[0], width: elements[1])
            default: preconditionFailure("Resize: one or two sizes, not \(elements.count)")
            }
        }
    }

    public let size: Target
    public let interpolation: ImageInterpolation
    public let maxSize: Int?
    public let antialias: Bool

    /// - Parameters:
    ///   - size: a number for the shorter side, or `[height, width]`.
    ///   - interpolation: how samples between pixels are made.
    ///   - maxSize: the most pixels of the longer side, only with a shorter side.
    ///   - antialias: whether a smaller image is made of all pixels; without meaning for `nearest`.
    public init(
        _ size: Target, interpolation: ImageInterpolation = .bilinear, maxSize: Int? = nil, antialias: Bool = true
    ) {
        switch size {
        case .exact(let height, let width):
            precondition(height > 0 && width > 0, "Resize: \(height)×\(width)")
            precondition(maxSize == nil, "Resize: maxSize goes with the size of the shorter side only")
        case .shorterSide(let side):
            precondition(side > 0 && maxSize ?? .max >= side, "Resize: \(side), at most \(maxSize ?? 0)")
        }
        (self.size, self.interpolation, self.maxSize, self.antialias) = (size, interpolation, maxSize, antialias)
    }

    /// The size of the result for an image.
    func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
        guard case .shorterSide(let side) = size else {
            if case .exact(let height, let width) = size { return (height, width) }
            return (height, width)
        }
        let (short, long) = (min(height, width), max(height, width))
        var (newShort, newLong) = (side, Int(Double(side) * Double(long) / Double(short)))
        if let maxSize, newLong > maxSize {
            (newShort, newLong) = (Int(Double(maxSize) * Double(newShort) / Double(newLong)), maxSize)
        }
        newShort = max(newShort, 1)
        return width <= height ? (newLong, newShort) : (newShort, newLong)
    }

    public func output(for input: ImageFormat) -> ImageFormat {
        var output = input
        if case .exact(let height, let width) = size {
            (output.height, output.width) = (height, width)
        } else if let height = input.height, let width = input.width {
            (output.height, output.width) = outputSize(height: height, width: width)
        } else {
            (output.height, output.width) = (nil, nil)
        }
        return output
    }

    public func apply(to image: ImageSample, _ random: inout TransformRandom) throws {
        let (height, width) = outputSize(height: image.height, width: image.width)
        try ImageLimits.checkResult("Resize", height: height, width: width)
        image.resize(height: height, width: width, interpolation: interpolation, antialias: antialias)
    }
}

extension ImageLimits {
    /// An image of one row would otherwise become one of millions of columns.
    static func checkResult(_ operation: String, height: Int, width: Int) throws {
        let (pixels, overflow) = height.multipliedReportingOverflow(by: width)
        guard !overflow, pixels <= mostPixels else {
            throw TensorError(
                operation, "the result would have \(height)×\(width) pixels, more than the limit of \(mostPixels).")
        }
    }
}
